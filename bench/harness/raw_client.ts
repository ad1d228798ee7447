/** A client that sends and receives raw lines. */
import { textAt } from "../../lib/bytes/span.ts";
import { LineFramer } from "../../lib/bytes/line_framer.ts";

const encoder = new TextEncoder();

/** A connection that the test controls. */
export class RawClient implements Disposable {
  readonly conn: Deno.TcpConn;
  readonly #framer = new LineFramer(100_000_000);
  readonly #buffer = new Uint8Array(65_536);

  /** @param conn of a client, or accepted by a server */
  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends all of a text or of bytes. */
  async send(what: string | Uint8Array): Promise<void> {
    let bytes = typeof what === "string" ? encoder.encode(what) : what;
    while (bytes.length > 0) bytes = bytes.subarray(await this.conn.write(bytes));
  }

  /** The next line; undefined after the other side has closed. */
  async line(): Promise<string | undefined> {
    for (;;) {
      if (this.#framer.next()) {
        const { bytes, start, end, problem } = this.#framer;
        return problem ?? textAt(bytes, start, end);
      }
      const count = await this.conn.read(this.#buffer);
      if (count === null) return undefined;
      this.#framer.push(this.#buffer.subarray(0, count));
    }
  }

  /** The next line as JSON. */
  async reply(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.line() ?? "null");
  }

  [Symbol.dispose](): void {
    try {
      this.conn.close();
    } catch {
      // It is closed already.
    }
  }
}
