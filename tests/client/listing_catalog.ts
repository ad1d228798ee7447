/** Fake catalogs; the test sets their list. */
import type { Address } from "../../lib/base/address.ts";
import type { ClientOptions } from "../../mod.ts";
import { connect } from "./connect.ts";

/** A catalog on the loopback. */
export class ListingCatalog implements AsyncDisposable {
  /** Records, the newest first; the catalog adds the members that are the same in all. */
  records: Readonly<Record<string, unknown>>[] = [];
  readonly address: Address;
  /** Number of queries so far. */
  queries = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(options, () => Response.json(this.#listing()));
    this.address = { hostname: "127.0.0.1", port: this.#server.addr.port };
  }

  #listing() {
    this.queries++;
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

/** A server of this machine. */
interface ListedServer {
  readonly port: number;
  readonly instance?: string;
  readonly tls?: boolean;
  /** Its addresses besides the loopback. */
  readonly addresses?: readonly string[];
}

/** A catalog that lists servers under one name, by which clients connect. */
export class NameCatalog extends ListingCatalog {
  readonly warnings: string[] = [];
  readonly #project: string;

  constructor(project: string, ...servers: readonly ListedServer[]) {
    super();
    this.#project = project;
    this.list(...servers);
  }

  /** Replaces the list. */
  list(...servers: readonly ListedServer[]): void {
    this.records = servers.map(({ port, instance, tls, addresses }) => (
      { project: this.#project, port, instance, tls, addresses }
    ));
  }

  /** The options of a client that uses no other catalog. */
  get options(): ClientOptions {
    return { catalogs: [this.address], localCatalogPort: null };
  }

  /** Connects a client that uses no other catalog. */
  connect(more: ClientOptions = {}): ReturnType<typeof connect> {
    return connect(this.#project, {
      ...this.options,
      timeoutMs: 20_000,
      onWarning: (message) => this.warnings.push(message),
      ...more,
    });
  }
}
