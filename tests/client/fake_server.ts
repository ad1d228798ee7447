/** A server with the replies of a test: silent, slow, wrong, or with any identity. */

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
  readonly #open = new Set<Deno.TcpConn>();
  readonly #work: Promise<void>[] = [];

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

  /** Accepts no more connections; open ones stay. */
  stopListening(): void {
    try {
      this.#listener.close();
    } catch {
      // It was closed before.
    }
  }

  /** Closes all connections. */
  hangUp(): void {
    for (const connection of this.#open) this.#close(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopListening();
    this.hangUp();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#open.add(connection);
        this.#work.push(this.#serve(connection));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    let rest = "";
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) break;
        const lines = (rest + new TextDecoder().decode(buffer.subarray(0, count))).split("\n");
        rest = lines.pop() ?? "";
        for (const text of lines) await this.#answer(text, connection);
      }
    } catch {
      // One side closed the connection.
    }
    this.#close(connection);
  }

  async #answer(text: string, connection: Deno.TcpConn): Promise<void> {
    this.lines.push(text);
    const send = async (reply: string) => {
      let bytes = new TextEncoder().encode(reply);
      while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
    };
    const { method, key } = JSON.parse(text);
    if (method === "hello") {
      const { hello = () => ({ instance: this.instance }) } = this.#options;
      const result = hello();
      if (result) await send(`{"status":"OK","result":${JSON.stringify(result)}}\n`);
      return;
    }
    const hangUp = () => this.#close(connection);
    const { reply = () => OK_NULL } = this.#options;
    const answer = await reply({ text, method, key, hangUp, send });
    if (answer !== undefined) await send(`${answer}\n`);
  }

  #close(connection: Deno.TcpConn): void {
    this.#open.delete(connection);
    try {
      connection.close();
    } catch {
      // It was closed before.
    }
  }
}
