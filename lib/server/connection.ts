/**
 * One client's connection from accept to close: it reads bytes, submits requests to the engine, and
 * writes the replies.
 *
 * It reads, executes, writes, and only then reads again. So replies leave in the order of the requests
 * (I1), and the server does not read from a client that does not take its replies (I5). A read during a
 * write of the same connection was measured to be slower.
 * `buffer_budget.ts` counts the bytes that such a client holds.
 *
 * A connection has no timer. `expire` is called periodically, and compares the time of the last event.
 */
import { settlesWithin } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { BULK_BYTES, LINGER_MS, UNCOUNTED_BUFFER_BYTES } from "../base/limits.ts";
import { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Client } from "../commands/client_state.ts";
import type { RequestSource, Submit } from "../engine/engine.ts";
import { failureLine } from "../protocol/encode_reply.ts";
import type { LineFramer } from "../bytes/line_framer.ts";
import type { Failure } from "../protocol/message.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import type { BufferOwner } from "./buffer_budget.ts";
import type { ConnectionOptions, Ending } from "./connection_options.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { RequestReader } from "./request_reader.ts";

/** `reading`: waits for bytes. `writing`: waits until the client takes bytes. */
type State = "reading" | "executing" | "writing" | "closed";

/** Serves one client. */
export class Connection implements RequestSource, BufferOwner {
  readonly client: Client;
  readonly out = new ByteChunks();
  lineBytes = 0;
  /** Whether the client has sent a request. */
  hasRequested = false;
  readonly #options: ConnectionOptions;
  readonly #submit: Submit;
  readonly #reader: RequestReader;
  readonly #framer: LineFramer;
  // Two limits that are read for each request.
  readonly #maxOutputBytes: number;
  readonly #maxInFlight: number;
  #state: State = "executing";
  /** Whether no more bytes are read: the connection closes after the replies are written. */
  #isEnding = false;
  /** The reason why the server ends the connection; no more requests are executed. */
  #ending: Ending | undefined;
  /** Whether the received bytes may have more requests. */
  #hasMore = false;
  /** Requests that were read and whose replies are not written. */
  #inFlight = 0;
  readonly #connectedMs: number;
  #lastActivityMs: number;
  /** Start of the last line that was not received whole. */
  #lineStartMs: number;
  readonly #buffer = new ReadBuffer();
  /** Bytes that `buffers` counts for this client. */
  #countedBytes = 0;
  #dismissal: Promise<void> | undefined;
  /** Whether the engine has this client: an error is a bug then, and not an error of the socket. */
  #isExecuting = false;

  constructor(options: ConnectionOptions) {
    const { client, limits, clock, busy } = options;
    this.client = client;
    this.#options = options;
    this.#submit = options.attach(this);
    this.#reader = new RequestReader({
      client,
      maxRequestBytes: limits.maxRequestBytes,
      busy,
      onForeign: () => this.#recordEnding("not our protocol"),
    });
    this.#framer = this.#reader.framer;
    this.#maxOutputBytes = limits.maxOutputBytes;
    this.#maxInFlight = limits.maxInFlight;
    this.#connectedMs = this.#lastActivityMs = this.#lineStartMs = clock.nowMs;
  }

  /** Serves the client until either side ends the connection; never throws (I9). */
  async run(): Promise<void> {
    const { log, buffers } = this.#options;
    let why = "closed by the client";
    try {
      await this.#serve();
      if (this.#isEnding) why = "closed by the server";
    } catch (error) {
      // The socket was reset, timed out, or closed by `cut`. Other clients do not notice (I9).
      why = this.#isEnding ? "closed by the server" : messageOf(error);
      if (this.#isExecuting && this.#ending === undefined) {
        log.error("unexpected failure, which is a bug to report", {
          client: this.client.number,
          why: messageOf(error),
        });
      }
    } finally {
      this.cut();
      this.out.clear();
      this.#framer.clear();
      buffers.set(this, 0);
      log.debug("disconnect", { client: this.client.number, why: this.#ending ?? why });
    }
  }

  /** Time when bytes were last received or written, or when the last write began. */
  get lastActivityMs(): number {
    return this.#lastActivityMs;
  }

  /** Ends the connection if its client is too slow or idle for too long. */
  expire(): void {
    const { clock, limits: { idleTimeoutMs, requestTimeoutMs } } = this.#options;
    const waitedMs = clock.nowMs - this.#lastActivityMs;
    if (this.#state === "writing") {
      if (waitedMs > requestTimeoutMs) this.#endFor("slow reader");
    } else if (this.#state === "reading") {
      const sinceMs = !this.client.isAuthenticated
        ? this.#connectedMs
        : this.#framer.hasPartialLine
        ? this.#lineStartMs
        : Infinity;
      if (clock.nowMs - sinceMs > requestTimeoutMs) this.#endFor("slow request");
      else if (waitedMs > idleTimeoutMs) this.#endFor("idle");
    }
  }

  /**
   * Writes a failure without a request, and ends the connection.
   *
   * @returns false, and nothing else, if the connection executes or writes now
   */
  dismiss(failure: Failure): boolean {
    if (this.#state !== "reading") return false;
    this.#isEnding = true;
    this.#state = "writing";
    const writing = this.#options.socket.write(failureLine(failure));
    // The client may be slow to take the failure.
    this.#dismissal = settlesWithin(writing, LINGER_MS).then(() => {}, () => {}).then(() =>
      this.disconnectBusy()
    );
    return true;
  }

  /** Ends the connection at once, because the server needs its slot. */
  disconnectBusy(): void {
    this.#endFor("busy");
  }

  /** Ends the connection at once, because it holds the most bytes of buffers. */
  evict(): void {
    this.#endFor("buffers");
  }

  /** Reads no more bytes. The connection closes after the replies to the requests that were read. */
  end(): void {
    this.#isEnding = true;
    if (this.#state === "reading") this.cut();
  }

  /** Closes the connection at once. */
  cut(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#options.socket.close();
  }

  next(): Request | Rejection | undefined {
    if (this.out.length > UNCOUNTED_BUFFER_BYTES) this.#countBuffers();
    // After `cut`, no client waits for the rest: a stopping server must not execute it for minutes.
    if (this.client.closedBy !== undefined || this.#ending !== undefined || this.isClosed) {
      this.#hasMore = false;
      return undefined;
    }
    if (this.isFull || this.#inFlight >= this.#maxInFlight) {
      this.#hasMore = true;
      return undefined;
    }
    const request = this.#reader.read();
    this.#hasMore = request !== undefined;
    if (request === undefined) return undefined;
    this.#inFlight++;
    this.hasRequested = true;
    this.lineBytes = this.#framer.end - this.#framer.start;
    return request;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  get isFull(): boolean {
    return this.out.length >= this.#maxOutputBytes;
  }

  async flush(isLast: boolean = false): Promise<void> {
    this.#isExecuting = false;
    this.#beginWriting();
    const { socket, clock } = this.#options;
    for (let bytes = this.out.next(); bytes !== undefined; bytes = this.out.next()) {
      this.out.consume(await socket.write(bytes));
      this.#lastActivityMs = clock.nowMs;
    }
    if (this.isClosed) throw new Error("the connection was closed");
    if (this.#countedBytes > 0) this.#countBuffers();
    if (isLast) {
      this.#isEnding = true;
      await socket.linger();
      this.cut();
    } else this.#state = "executing";
    this.#isExecuting = true;
  }

  /** Begins to write replies. The engine may have added them long after the last read and its last `next`. */
  #beginWriting(): void {
    if (this.isClosed) return;
    this.#state = "writing";
    this.#lastActivityMs = this.#options.clock.nowMs;
    if (this.out.length > UNCOUNTED_BUFFER_BYTES) this.#countBuffers();
  }

  async #serve(): Promise<void> {
    const { client, out } = this;
    const { socket, delayAuthReply, clock, yielder } = this.#options;
    const buffer = this.#buffer;
    while (!this.#isEnding) {
      this.#state = "reading";
      const count = await socket.read(buffer.bytes);
      if (this.#dismissal) return await this.#dismissal;
      if (count === null) return await yielder.yield(); // thousands may disconnect at once
      if (this.isClosed) return;
      this.#state = "executing";
      this.#lastActivityMs = clock.nowMs;
      const { partialLines } = this.#framer;
      this.#reader.push(buffer.bytes, count);
      let moved = count;
      do {
        this.#isExecuting = true;
        const executed = this.#submit();
        if (executed !== undefined) await executed;
        this.#isExecuting = false;
        this.#framer.release();
        if (client.closedBy !== undefined) {
          this.#isEnding = true;
          this.#hasMore = false; // no further request is executed
          if (client.closedBy === "AuthError") await delayAuthReply?.();
        }
        this.#beginWriting();
        if (this.isClosed) return;
        for (let bytes = out.next(); bytes !== undefined; bytes = out.next()) {
          const written = await socket.write(bytes);
          out.consume(written);
          this.#lastActivityMs = clock.nowMs;
          moved += written;
          if (moved >= BULK_BYTES) {
            moved = 0;
            await yielder.yield();
          }
        }
        if (this.isClosed) return;
        this.#state = "executing";
        this.#inFlight = 0;
      } while (this.#hasMore);
      if (this.#framer.partialLines > partialLines) this.#lineStartMs = clock.nowMs;
      // Over TLS, the last bytes are sent when the sending side is closed.
      if (this.#isEnding) await socket.linger();
      buffer.resize(count);
      this.#countBuffers();
      if (moved >= BULK_BYTES) await yielder.yield();
    }
  }

  /** Counts the bytes that this client holds, unless they are as few as those of any client. */
  #countBuffers(): void {
    if (this.#ending !== undefined) return;
    const replyBytes = this.out.length;
    const { limits: { maxOutputHardBytes }, buffers } = this.#options;
    const heldBytes = this.#buffer.bytes.length + this.#framer.bufferedBytes + replyBytes;
    const countedBytes = heldBytes > UNCOUNTED_BUFFER_BYTES ? heldBytes : 0;
    if (replyBytes > maxOutputHardBytes) return this.#endFor("output");
    if (countedBytes === this.#countedBytes) return;
    this.#countedBytes = countedBytes;
    buffers.set(this, countedBytes);
  }

  #endFor(ending: Ending): void {
    if (this.isClosed) return;
    this.#recordEnding(ending);
    this.#isEnding = true;
    this.#options.buffers.set(this, 0);
    this.cut();
  }

  /** Records the first reason, so that a connection is counted once. */
  #recordEnding(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#options.onEnding?.(ending);
  }
}
