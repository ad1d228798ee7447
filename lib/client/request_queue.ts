/**
 * The requests of one client that are not answered yet, in the order of the calls.
 *
 * While there is a connection, they are in flight on it, as far as it takes them. What waits behind a
 * full one is not sent any more once its limit has passed: else a server that was too slow for a
 * while would go on to work for calls that have ended. When the connection breaks, those that may be
 * sent twice or were not sent stay, and are sent in their order, before anything newer, as soon as
 * there is another connection; the others fail. So requests never change places, whatever happens
 * between.
 *
 * Each call ends at its limit. A limit that passes while the peer completed no reply for so long is
 * how a server is found to be gone: the connection is broken, and another one made. If replies did
 * come, the server is only slow: the call fails, and its reply is dropped when it comes.
 */
import { addressText } from "../base/address.ts";
import { sleep } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { Fifo } from "../base/fifo.ts";
import { CALL_GRACE_MS, MAX_TIMER_MS, SILENT_PROBE_MS } from "../base/limits.ts";
import { isFailure, type SuccessReply } from "../protocol/decode_reply.ts";
import type { Failure } from "../protocol/message.ts";
import {
  ConnectionLostError,
  DifferentTableError,
  errorFrom,
  HtError,
  ServerNotFoundError,
  TimeoutError,
} from "./errors.ts";
import type { Connection, LinkReceiver } from "./connection.ts";
import { pauseAfter } from "./retry.ts";
import { SilenceProbe, SILENT_SHARE } from "./silence_probe.ts";

/** How often a request may be sent. */
export type Repeat =
  /** Twice is like once. */
  | "again"
  /** Once: a repetition might do something else. */
  | "once"
  /** Once, and on the connection that there is: it refers to something of this connection. */
  | "here";

/** A call that waits for its reply. */
interface Call {
  readonly line: string;
  readonly repeat: Repeat;
  /** When it was called, by the monotonic clock. */
  readonly startedMs: number;
  readonly resolve: (reply: SuccessReply) => void;
  readonly reject: (error: unknown) => void;
  /** Whether it was handed to a connection: the server may have executed it. */
  wasSent: boolean;
  /** Replies that had come when it was sent last. */
  repliesBefore: number;
}

/** Finds the server and connects to it. */
export type Connect = (signal: AbortSignal) => Promise<Connection>;

/** Sends requests in order, over one connection after another. */
export class RequestQueue implements LinkReceiver {
  readonly #connect: Connect;
  readonly #target: string;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  /** First those in flight, then `#unsent` others. Limits pass in this order, too. */
  #calls = new Fifo<Call>();
  /** Without a connection all; with one, those that wait until it takes more. */
  #unsent = 0;
  /**
   * Calls in flight before these that failed at their limit: their replies are dropped. Only their
   * number is kept, since a server may be too slow for its clients for hours.
   */
  #expired = 0;
  #link: Connection | undefined;
  #connections = 0;
  #connectedMs = 0;
  #replies = 0;
  #repliesAtConnect = 0;
  /** Connections in a row that broke without a reply. */
  #fruitless = 0;
  #lastBreak: HtError | undefined;
  #search: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #probe = new SilenceProbe(() => this.#replies);

  /**
   * @param connect finds the server and connects, until its signal is aborted
   * @param target what the server is called in messages
   * @param timeoutMs limit of a call, in milliseconds
   */
  constructor(connect: Connect, target: string, timeoutMs: number) {
    this.#connect = connect;
    this.#target = target;
    this.#timeoutMs = Math.min(timeoutMs, MAX_TIMER_MS - CALL_GRACE_MS);
  }

  /** How many connections were made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Makes the first connection. @throws {HtError} if that fails, within the limit of a call */
  async open(): Promise<void> {
    this.#attach(await this.#found());
  }

  /**
   * Sends a request.
   *
   * @param line with its LF
   * @throws {HtError} within the limit; its class tells what became of the request
   */
  send(line: string, repeat: Repeat): Promise<SuccessReply> {
    return new Promise((resolve, reject) => {
      if (this.#closing.signal.aborted) {
        return reject(new ConnectionLostError("This client is closed", false, "gone"));
      }
      const link = this.#link;
      if (link === undefined && repeat === "here") {
        return reject(new ConnectionLostError("A cursor ends with its connection", false));
      }
      const startedMs = performance.now();
      const repliesBefore = this.#replies;
      const wasSent = link !== undefined && this.#unsent === 0 && !link.isFull;
      this.#calls.push({ line, repeat, startedMs, resolve, reject, wasSent, repliesBefore });
      this.#timer ??= setTimeout(this.#onTimer, Math.min(this.#timeoutMs, SILENT_PROBE_MS));
      if (wasSent) return link.write(line);
      this.#unsent++;
      if (link === undefined) this.#seek();
    });
  }

  /** Closes the connection; calls without a reply fail. */
  async close(): Promise<void> {
    const link = this.#link;
    this.#closing.abort();
    this.#dropConnection();
    clearTimeout(this.#timer);
    const why = "The connection was closed by this client";
    this.#failAll(({ wasSent }) => new ConnectionLostError(why, wasSent));
    await link?.close();
    await this.#probe.close();
    await this.#search;
  }

  onReply(reply: SuccessReply | Failure): void {
    this.#replies++;
    if (this.#expired > 0) return void this.#expired--;
    const call = this.#unsent < this.#calls.length ? this.#calls.shift() : undefined;
    if (call === undefined) {
      // Said before anything was asked: `Busy`, or the peer is no such server.
      const error = isFailure(reply) ? errorFrom(reply) : undefined;
      this.#link?.break(error ?? new ConnectionLostError("a reply came unasked", true));
    } else if (isFailure(reply)) call.reject(errorFrom(reply));
    else call.resolve(reply);
  }

  onRoom(): void {
    while (this.#unsent > 0 && this.#link?.isFull === false) {
      const call = this.#calls.at(this.#calls.length - this.#unsent--);
      if (call === undefined) return;
      call.wasSent = true;
      this.#link.write(call.line);
    }
  }

  onBroken(error: HtError): void {
    this.#lastBreak = error;
    this.#fruitless = this.#replies === this.#repliesAtConnect ? this.#fruitless + 1 : 0;
    this.#dropConnection();
    const calls = this.#calls;
    this.#calls = new Fifo();
    const mayRepeat = error instanceof ConnectionLostError && !error.isNoServer;
    for (const call of calls) {
      const isSafe = call.repeat === "again" || (call.repeat === "once" && !call.wasSent);
      if (mayRepeat && isSafe) this.#calls.push(call);
      else call.reject(error);
    }
    this.#unsent = this.#calls.length;
    if (this.#calls.length > 0) this.#seek();
  }

  /** Forgets the connection. */
  #dropConnection(): void {
    this.#link = undefined;
    this.#expired = 0;
    this.#unsent = this.#calls.length;
  }

  #failAll(errorOf: (call: Call) => unknown): void {
    for (let call = this.#calls.shift(); call; call = this.#calls.shift()) {
      call.reject(errorOf(call));
    }
    this.#unsent = 0;
  }

  /** Looks for the server, unless that is under way. */
  #seek(): void {
    if (this.#closing.signal.aborted) return;
    this.#search ??= this.#seekOnce().finally(() => {
      this.#search = undefined;
      if (this.#link === undefined && this.#calls.length > 0) this.#seek();
    });
  }

  async #seekOnce(): Promise<void> {
    // A server that was there is looked for at once; one that breaks off every time, with pauses.
    const pauseMs = this.#fruitless <= 1 ? 0 : pauseAfter(this.#fruitless - 1);
    if (pauseMs > 0 && !(await sleep(pauseMs, this.#closing.signal))) return;
    if (this.#calls.length === 0) return;
    try {
      this.#attach(await this.#found());
    } catch (error) {
      this.#onSearchFailed(error);
    }
  }

  /** Connects within the limit, even if what it waits for cannot be aborted. */
  async #found(): Promise<Connection> {
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

  #attach(link: Connection): void {
    if (this.#closing.signal.aborted) return void link.close();
    this.#connections++;
    this.#link = link;
    this.#connectedMs = performance.now();
    this.#repliesAtConnect = this.#replies;
    for (const call of this.#calls) call.repliesBefore = this.#replies;
    link.attach(this);
    this.onRoom();
  }

  #onSearchFailed(error: unknown): void {
    if (!(error instanceof ServerNotFoundError)) {
      return this.#failAll(({ wasSent }) => {
        if (!wasSent || !(error instanceof HtError)) return error;
        return error instanceof DifferentTableError
          ? new DifferentTableError(error.message, true)
          : new ConnectionLostError(error.message, true, "gone");
      });
    }
    const nowMs = performance.now();
    for (let call = this.#calls.at(0); call; call = this.#calls.at(0)) {
      if (call.startedMs + this.#timeoutMs > nowMs + 1) return;
      this.#calls.shift();
      this.#unsent--;
      call.reject(call.wasSent ? new ServerNotFoundError(error.message, true) : error);
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
    const [link, oldest] = [this.#link, this.#calls.at(0)];
    if (link && oldest) this.#probe.look(link, this.#waitedMs(oldest));
    for (;;) {
      const call = this.#calls.at(0);
      if (call === undefined) return;
      const graceMs = this.#link ? 0 : CALL_GRACE_MS;
      const leftMs = call.startedMs + this.#timeoutMs + graceMs - performance.now();
      if (leftMs > 1) {
        this.#timer = setTimeout(this.#onTimer, Math.min(leftMs, SILENT_PROBE_MS));
        return;
      }
      this.#expire(call);
    }
  };

  /** How long a call has waited on the connection that there is, in milliseconds. */
  #waitedMs(call: Call): number {
    return performance.now() - Math.max(call.startedMs, this.#connectedMs);
  }

  #expire(call: Call): void {
    const link = this.#link;
    const seconds = this.#timeoutMs / 1e3;
    const isInFlight = this.#unsent < this.#calls.length;
    this.#calls.shift();
    if (isInFlight) this.#expired++;
    else this.#unsent--;
    if (link === undefined) {
      // A search that fails at its limit gives its own error: this one is for what is not finished.
      const broken = this.#fruitless > 1 ? this.#lastBreak : undefined;
      const error = broken
        ? new ConnectionLostError(broken.message, call.wasSent, "gone")
        : this.#notFound(call.wasSent);
      return call.reject(error);
    }
    const at = addressText(link.address);
    const isSilent = call.repliesBefore === this.#replies &&
      this.#waitedMs(call) >= SILENT_SHARE * this.#timeoutMs;
    if (isSilent) {
      const why = `${at} is silent: no reply for ${seconds} s`;
      const error = new ConnectionLostError(why, call.wasSent, "gone");
      call.reject(error);
      link.break(error);
    } else call.reject(new TimeoutError(`${at} did not reply within ${seconds} s`, call.wasSent));
  }
}
