/** A connection to the tested server: sends bytes and reads reply lines. */

const LF = 10;
const READ_BYTES = 65_536;

/** Longest bytes that are split into pieces; longer ones are sent at once. */
const MAX_SPLIT_BYTES = 4_096;

/** The server did what no server may do, or what the case does not expect. */
export class CaseError extends Error {
  override name = "CaseError";
}

/** A connection of one case. */
export class CaseConnection implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #splitBytes: number;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** The bytes behind the last line, in pieces as they arrived. */
  #rest: Uint8Array[] = [];
  #sending: Promise<void> = Promise.resolve();

  private constructor(conn: Deno.TcpConn, splitBytes: number) {
    this.#conn = conn;
    this.#splitBytes = splitBytes;
    conn.setNoDelay(true);
  }

  /** @param splitBytes size of the pieces to send; 0: all at once */
  static async open(hostname: string, port: number, splitBytes: number): Promise<CaseConnection> {
    return new CaseConnection(await Deno.connect({ hostname, port }), splitBytes);
  }

  /** Queues bytes to be sent, and does not wait for it. */
  send(bytes: Uint8Array): void {
    this.#sending = this.#sending.then(() => this.#write(bytes));
    this.#sending.catch(() => {}); // The server may close. The replies show whether it should.
  }

  /**
   * Reads a reply.
   *
   * @returns the line without its LF; undefined: the server closed the connection
   * @throws {CaseError} if the server closed in the middle of a line
   */
  async line(): Promise<string | undefined> {
    for (;;) {
      const last = this.#rest.at(-1);
      const at = last?.indexOf(LF) ?? -1;
      if (last !== undefined && at >= 0) {
        const parts = [...this.#rest.slice(0, -1), last.subarray(0, at)];
        this.#rest = at + 1 < last.length ? [last.subarray(at + 1)] : [];
        return text(parts);
      }
      const count = await this.#conn.read(this.#buffer);
      if (count !== null) this.#rest.push(this.#buffer.slice(0, count));
      else if (this.#rest.length === 0) return undefined;
      else throw new CaseError(`the server closed behind ${text(this.#rest).slice(0, 300)}`);
    }
  }

  /** Closes the sending side after all bytes are sent. */
  async closeWrite(): Promise<void> {
    await this.#sending;
    await this.#conn.closeWrite();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const isSplit = this.#splitBytes > 0 && bytes.length <= MAX_SPLIT_BYTES;
    const size = isSplit ? this.#splitBytes : bytes.length;
    for (let start = 0; start < bytes.length; start += size) {
      let piece = bytes.subarray(start, start + size);
      while (piece.length > 0) piece = piece.subarray(await this.#conn.write(piece));
      // Waits for a round of the event loop: the system can deliver this piece before the next one.
      if (isSplit) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }
}

function text(parts: readonly Uint8Array[]): string {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(all);
  } catch {
    throw new CaseError("a reply is not UTF-8");
  }
}
