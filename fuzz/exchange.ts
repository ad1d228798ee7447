/** A connection to the fuzzed server: sends bytes in pieces, and reads a number of replies. */
import { settlesWithin } from "../lib/base/clock.ts";

/** The time limit of replies, in milliseconds. */
const REPLIES_MS = 30_000;

const READ_BYTES = 64 * 1024;
const LF = 10;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The error of replies that did not come as expected. */
export class ExchangeError extends Error {
  override name = "ExchangeError";
}

/** A connection. */
export class Exchange implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** The bytes after the last complete reply. */
  #rest = new Uint8Array(0);

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    conn.setNoDelay(true);
  }

  /**
   * Sends bytes, and reads the replies at the same time.
   *
   * @param cuts positions at which the bytes are cut, in order
   * @param replies the expected number
   * @returns the lines of the replies
   * @throws {ExchangeError} if they do not come, or are not text
   */
  async ask(bytes: Uint8Array, cuts: readonly number[], replies: number): Promise<string[]> {
    const lines: string[] = [];
    const sent = this.send(bytes, cuts);
    const came = Promise.all([sent, this.#read(lines, replies)]);
    if (!(await settlesWithin(came, REPLIES_MS))) {
      throw new ExchangeError(
        `only ${lines.length} of ${replies} replies came in ${REPLIES_MS} ms`,
      );
    }
    if (this.#rest.length > 0) throw new ExchangeError("more came than the replies");
    return lines;
  }

  /**
   * Waits until the server closes.
   *
   * @throws {ExchangeError} if it sends more, or does not close
   */
  async end(): Promise<void> {
    const reading = this.#conn.read(this.#buffer);
    if (!(await settlesWithin(reading, REPLIES_MS))) {
      throw new ExchangeError(`the server did not close in ${REPLIES_MS} ms`);
    }
    if (await reading !== null) throw new ExchangeError("more came than the last reply");
  }

  /** Sends bytes in pieces, and expects no reply. */
  async send(bytes: Uint8Array, cuts: readonly number[] = []): Promise<void> {
    let start = 0;
    for (const end of [...cuts, bytes.length]) {
      let piece = bytes.subarray(start, end);
      while (piece.length > 0) piece = piece.subarray(await this.#conn.write(piece));
      start = end;
    }
  }

  async #read(lines: string[], count: number): Promise<void> {
    while (lines.length < count) {
      const length = await this.#conn.read(this.#buffer);
      if (length === null) {
        throw new ExchangeError(`the server closed after ${lines.length} of ${count} replies`);
      }
      const bytes = new Uint8Array(this.#rest.length + length);
      bytes.set(this.#rest);
      bytes.set(this.#buffer.subarray(0, length), this.#rest.length);
      let start = 0;
      for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, start)) {
        lines.push(strict.decode(bytes.subarray(start, lf)));
        start = lf + 1;
      }
      this.#rest = bytes.slice(start);
    }
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}
