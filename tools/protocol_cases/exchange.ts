/** One connection to the server that is tested: bytes out, reply lines in. */

const LF = 10;
const READ_BYTES = 65_536;

/** Pieces are made of what is at most so long; longer bytes are sent at once. */
const MAX_SPLIT_BYTES = 4_096;

/** What the server did that no server may do, or that the case does not expect; thrown. */
export class CaseError extends Error {
  override name = "CaseError";
}

/** A connection. */
export class CaseConnection implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #splitBytes: number;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** What came behind the last whole line, in the pieces in which it came. */
  #rest: Uint8Array[] = [];
  #sending: Promise<void> = Promise.resolve();

  private constructor(conn: Deno.TcpConn, splitBytes: number) {
    this.#conn = conn;
    this.#splitBytes = splitBytes;
    conn.setNoDelay(true);
  }

  /** @param splitBytes size of the pieces in which bytes are sent; 0: all at once */
  static async open(hostname: string, port: number, splitBytes: number): Promise<CaseConnection> {
    return new CaseConnection(await Deno.connect({ hostname, port }), splitBytes);
  }

  /** Sends bytes behind those before, while replies are read. */
  send(bytes: Uint8Array): void {
    this.#sending = this.#sending.then(() => this.#write(bytes));
    this.#sending.catch(() => {}); // the server may have closed: the replies show whether it should
  }

  /**
   * Reads a reply.
   *
   * @returns the line without its LF; undefined: the server has closed
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

  /** Sends no more. */
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
      // A round of the event loop, so that the system can deliver the piece before the next one.
      if (isSplit) await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
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
