/** A fake catalog; the test sets its list. */
import type { Address } from "../../lib/base/address.ts";

/** A catalog on the loopback. */
export class ListingCatalog implements AsyncDisposable {
  /** Records, the newest first; the catalog adds the members that are the same in all. */
  records: Readonly<Record<string, unknown>>[] = [];
  readonly address: Address;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(options, () => Response.json(this.#listing()));
    this.address = { hostname: "127.0.0.1", port: this.#server.addr.port };
  }

  #listing() {
    const nowS = Math.floor(Date.now() / 1e3);
    return this.records.map((record, at) => ({
      type: "hashtable",
      address: "127.0.0.1",
      lastheardfrom: nowS - at,
      ...record,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
