/** A server that replies the same text to the first bytes of each connection, whatever they are. */
import type { Address } from "../../lib/base/address.ts";
import { utf8 } from "../helpers/streams.ts";

/** A server on the loopback, until disposal. */
export class RawServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;

  constructor(reply: string) {
    this.#serving = this.#serve(reply);
  }

  get address(): Address {
    return { hostname: "127.0.0.1", port: this.#listener.addr.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }

  async #serve(reply: string): Promise<void> {
    for await (const connection of this.#listener) {
      using _ = connection;
      await connection.read(new Uint8Array(4_096));
      await connection.write(utf8(reply));
    }
  }
}
