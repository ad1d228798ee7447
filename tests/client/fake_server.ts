/** A server with the replies of a test: silent, slow, wrong, or with any identity. */
import { RawClient } from "../../bench/harness/raw_client.ts";

/** A received request. */
export interface FakeRequest {
  readonly text: string;
  readonly method: string;
  readonly key: string;
  /** Closes the connection. */
  readonly hangUp: () => void;
  /** Sends text without change. */
  readonly send: (text: string) => Promise<void>;
}

/** The replies of a fake server. */
export interface FakeServerOptions {
  readonly port?: number;
  /** Result of `hello`; undefined: no reply (default: only an instance of its own). */
  readonly hello?: () => Record<string, unknown> | undefined;
  /** The reply to another request, without LF; undefined: none (default: `OK_NULL`). */
  readonly reply?: (request: FakeRequest) => string | void | Promise<string | void>;
}

export const OK_NULL = '{"status":"OK","result":null}';

let made = 0;

/** A server on the loopback. It replies to the requests of a connection one after the other. */
export class FakeServer implements AsyncDisposable {
  readonly port: number;
  readonly instance = `fake-${++made}`;
  /** Received lines, with `hello`. */
  readonly lines: string[] = [];
  readonly #options: FakeServerOptions;
  readonly #listener: Deno.TcpListener;
  readonly #clients = new Set<RawClient>();
  readonly #work: Promise<void>[] = [];
  #isClosed = false;

  constructor(options: FakeServerOptions = {}) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: options.port ?? 0 });
    this.port = this.#listener.addr.port;
    this.#work.push(this.#accept());
  }

  /** HOST:PORT. */
  get target(): string {
    return `127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) this.#listener.close();
    this.#isClosed = true;
    for (const client of this.#clients) client[Symbol.dispose]();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const client = new RawClient(connection);
      this.#clients.add(client);
      this.#work.push(this.#serve(client).catch(() => {})); // one side closed the connection
    }
  }

  async #serve(client: RawClient): Promise<void> {
    using _ = client;
    for (let text; (text = await client.line()) !== undefined;) await this.#answer(text, client);
  }

  async #answer(text: string, client: RawClient): Promise<void> {
    this.lines.push(text);
    const { method, key } = JSON.parse(text);
    if (method === "hello") {
      const { hello = () => ({ instance: this.instance }) } = this.#options;
      const result = hello();
      if (result) await client.send(`{"status":"OK","result":${JSON.stringify(result)}}\n`);
      return;
    }
    const { reply = () => OK_NULL } = this.#options;
    const hangUp = () => client[Symbol.dispose]();
    const answer = await reply({ text, method, key, hangUp, send: (part) => client.send(part) });
    if (answer !== undefined) await client.send(`${answer}\n`);
  }
}
