/**
 * The requests of one client, sent in the order of the calls over one connection after another.
 *
 * A connection takes requests until it is full. A request that waits behind a full connection is
 * dropped when its limit has passed. Otherwise a server that was slow for a while would execute calls
 * whose callers have left. When the connection breaks, the requests that are safe to retry stay. They
 * are sent on the next connection in their order, before newer requests. The others fail.
 *
 * Each call ends at its limit. If no reply at all came during that time, the server counts as lost:
 * the queue breaks the connection and makes another one. If other replies came, the server is only
 * slow: the call fails, and its reply is dropped when it comes.
 */
import { addressText } from "../base/address.ts";
import { sleep } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { CALL_GRACE_MS, MAX_TIMER_MS, SILENT_PROBE_MS } from "../base/limits.ts";
import { textAt } from "../bytes/span.ts";
import { decodeReply, isFailure } from "../protocol/decode_reply.ts";
import type { Connection, ReplyReceiver } from "./connection.ts";
import {
  ConnectionLostError,
  DifferentTableError,
  errorFrom,
  HtError,
  ServerNotFoundError,
  TimeoutError,
} from "./errors.ts";
import { type Call, EXPECTED_REPLY, PendingCalls } from "./pending_calls.ts";
import { pauseAfter } from "./retry.ts";
import { SilenceProbe, SILENT_SHARE } from "./silence_probe.ts";

/** Finds the server and connects to it. */
type Connect = (signal: AbortSignal) => Promise<Connection>;

/** Sends requests in order. */
export class RequestQueue implements ReplyReceiver {
  readonly #connect: Connect;
  readonly #target: string;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  readonly #calls = new PendingCalls();
  #connection: Connection | undefined;
  #connections = 0;
  #connectedMs = 0;
  /** Number of reads that brought replies. */
  #reads = 0;
  #readsAtConnect = 0;
  /** Number of connections in a row that broke without a reply. */
  #breaksInRow = 0;
  #lastBreak: HtError | undefined;
  #search: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #probe = new SilenceProbe(() => this.#reads);

  /**
   * @param connect finds the server and connects, until its signal is aborted
   * @param target the server's name in messages
   * @param timeoutMs limit of a call, in milliseconds
   */
  constructor(connect: Connect, target: string, timeoutMs: number) {
    this.#connect = connect;
    this.#target = target;
    this.#timeoutMs = Math.min(timeoutMs, MAX_TIMER_MS - CALL_GRACE_MS);
  }

  /** Number of connections made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Makes the first connection. @throws {HtError} if that fails, within the limit of a call */
  async open(): Promise<void> {
    this.#attach(await this.#connectInTime());
  }

  /** Sends a call. One of its functions is called later, within the limit. */
  send(call: Call): void {
    if (this.#closing.signal.aborted) {
      return fail(call, new ConnectionLostError("This client is closed", false, "gone"));
    }
    const connection = this.#connection;
    if (connection === undefined && call.retry === "never") {
      return fail(call, new ConnectionLostError("A cursor ends with its connection", false));
    }
    call.readsBefore = this.#reads;
    call.wasSentBefore = false;
    call.wasSent = connection !== undefined && !this.#calls.hasUnsent && !connection.isFull;
    this.#calls.add(call, call.wasSent);
    this.#timer ??= setTimeout(this.#onTimer, Math.min(this.#timeoutMs, SILENT_PROBE_MS));
    if (connection === undefined) this.#reconnect();
    else if (call.wasSent) connection.write(call.line);
  }

  /** Closes the connection; calls without a reply fail. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#closing.abort();
    this.#dropConnection();
    clearTimeout(this.#timer);
    const why = "The connection was closed by this client";
    this.#failAll(({ wasSent }) => new ConnectionLostError(why, wasSent));
    await connection?.close();
    await this.#probe.close();
    await this.#search;
  }

  onLine(bytes: Uint8Array, start: number, end: number, isFirst: boolean): void {
    const isExpected = this.#calls.nextReplied?.isExpected?.(bytes, start, end) === true;
    const reply = isExpected ? EXPECTED_REPLY : decodeReply(textAt(bytes, start, end));
    // Not for each line: a call that this read leads to is newer than all replies of the read.
    if (isFirst) this.#reads++;
    const call = this.#calls.takeReplied();
    if (call === "expired") return;
    if (call) return call.onReply(reply);
    // A reply without a request: `Busy`, or the peer is another kind of server.
    const error = isFailure(reply) ? errorFrom(reply) : undefined;
    this.#connection?.break(
      error ?? new ConnectionLostError("a reply came without a request", true),
    );
  }

  onRoom(): void {
    while (this.#connection?.isFull === false) {
      const call = this.#calls.takeUnsent();
      if (call === undefined) return;
      this.#connection.write(call.line);
    }
  }

  onBroken(error: HtError): void {
    this.#lastBreak = error;
    this.#breaksInRow = this.#reads === this.#readsAtConnect ? this.#breaksInRow + 1 : 0;
    this.#dropConnection();
    const mayRetry = error instanceof ConnectionLostError && !error.isNoServer;
    for (const call of this.#calls.takeAll()) {
      const isSafe = call.retry === "always" || (call.retry === "if unsent" && !call.wasSent);
      call.wasSentBefore ||= call.wasSent;
      if (mayRetry && isSafe) this.#calls.add(call, false);
      else fail(call, error);
    }
    if (this.#calls.length > 0) this.#reconnect();
  }

  #dropConnection(): void {
    this.#connection = undefined;
    this.#calls.unsendAll();
  }

  #failAll(errorOf: (call: Call) => unknown): void {
    for (const call of this.#calls.takeAll()) fail(call, errorOf(call));
  }

  /** Starts a search for the server, unless one is running. */
  #reconnect(): void {
    if (this.#closing.signal.aborted) return;
    this.#search ??= this.#reconnectOnce().finally(() => {
      this.#search = undefined;
      if (this.#connection === undefined && this.#calls.length > 0) this.#reconnect();
    });
  }

  async #reconnectOnce(): Promise<void> {
    // After a connection that worked, there is no pause. If the next connections break, too, pauses grow.
    const pauseMs = this.#breaksInRow <= 1 ? 0 : pauseAfter(this.#breaksInRow - 1);
    if (pauseMs > 0 && !(await sleep(pauseMs, this.#closing.signal))) return;
    if (this.#calls.length === 0) return;
    try {
      this.#attach(await this.#connectInTime());
    } catch (error) {
      this.#onConnectFailed(error);
    }
  }

  /** Connects within the limit, even if `connect` ignores its signal. */
  async #connectInTime(): Promise<Connection> {
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), this.#timeoutMs);
    const signal = AbortSignal.any([timeUp.signal, this.#closing.signal]);
    const overdue = new Deferred<never>();
    let graceTimer: ReturnType<typeof setTimeout> | undefined;
    const onAbort = () => {
      graceTimer = setTimeout(() => overdue.reject(this.#notFound(false)), CALL_GRACE_MS);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const connecting = this.#connect(signal);
    try {
      return await Promise.race([connecting, overdue.promise]);
    } catch (error) {
      connecting.then((late) => late.close(), () => {});
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      clearTimeout(graceTimer);
    }
  }

  #attach(connection: Connection): void {
    if (this.#closing.signal.aborted) return void connection.close();
    this.#connections++;
    this.#connection = connection;
    this.#connectedMs = performance.now();
    this.#readsAtConnect = this.#reads;
    for (const call of this.#calls) call.readsBefore = this.#reads;
    connection.attach(this);
    this.onRoom();
  }

  #onConnectFailed(error: unknown): void {
    if (!(error instanceof ServerNotFoundError)) {
      return this.#failAll(({ wasSent }) => {
        if (!wasSent || !(error instanceof HtError)) return error;
        return error instanceof DifferentTableError
          ? new DifferentTableError(error.message, true)
          : new ConnectionLostError(error.message, true, "gone");
      });
    }
    const nowMs = performance.now();
    for (let call = this.#calls.oldest; call; call = this.#calls.oldest) {
      if (call.startedMs + this.#timeoutMs > nowMs + 1) return;
      this.#calls.expireOldest();
      fail(call, call.wasSent ? new ServerNotFoundError(error.message, true) : error);
    }
  }

  #notFound(wasSent: boolean): ServerNotFoundError {
    const before = this.#lastBreak ? `${this.#lastBreak.message}; ` : "";
    return new ServerNotFoundError(
      `${before}cannot reach ${this.#target}: no answer within ${this.#timeoutMs / 1e3} s`,
      wasSent,
    );
  }

  /** Ends the calls whose limit has passed. */
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const [connection, oldest] = [this.#connection, this.#calls.oldest];
    if (connection && oldest) this.#probe.check(connection, this.#waitedMs(oldest));
    for (let call = this.#calls.oldest; call; call = this.#calls.oldest) {
      const graceMs = this.#connection ? 0 : CALL_GRACE_MS;
      const leftMs = call.startedMs + this.#timeoutMs + graceMs - performance.now();
      if (leftMs > 1) {
        this.#timer = setTimeout(this.#onTimer, Math.min(leftMs, SILENT_PROBE_MS));
        return;
      }
      this.#calls.expireOldest();
      this.#expire(call);
    }
  };

  /** Time that a call has waited on the current connection, in milliseconds. */
  #waitedMs(call: Call): number {
    return performance.now() - Math.max(call.startedMs, this.#connectedMs);
  }

  /** Fails a call whose limit has passed, and breaks a connection that was silent during that time. */
  #expire(call: Call): void {
    const connection = this.#connection;
    const seconds = this.#timeoutMs / 1e3;
    if (connection === undefined) {
      // A search that fails at its limit has its own error; this search continues.
      const broken = this.#breaksInRow > 1 ? this.#lastBreak : undefined;
      const error = broken
        ? new ConnectionLostError(broken.message, call.wasSent, "gone")
        : this.#notFound(call.wasSent);
      return fail(call, error);
    }
    const at = addressText(connection.address);
    const isSilent = call.readsBefore === this.#reads &&
      this.#waitedMs(call) >= SILENT_SHARE * this.#timeoutMs;
    if (isSilent) {
      const why = `${at} is silent: no reply for ${seconds} s`;
      const error = new ConnectionLostError(why, call.wasSent, "gone");
      fail(call, error);
      connection.break(error);
    } else fail(call, new TimeoutError(`${at} did not reply within ${seconds} s`, call.wasSent));
  }
}

/** Fails a call. In a microtask: its caller may send further calls, and the queue is in the middle of work. */
function fail(call: Call, error: unknown): void {
  queueMicrotask(() => call.onError(error));
}
