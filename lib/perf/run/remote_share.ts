/** A share of the clients of a run in another process, which follows the orders of this one. */
import { settlesWithin } from "../../base/clock.ts";
import { ExitError, messageOf } from "../../base/errors.ts";
import type { ConnectedTarget, Share, ShareEvents, ShareOrder, UnmeasuredResult } from "./share.ts";
import type { StageData } from "../measure/stage_data.ts";
import {
  ALIVE_EVERY_MS,
  linesOf,
  messageLine,
  readAnswer,
  type WorkerAnswer,
  type WorkerOrder,
} from "./worker_messages.ts";

/** Maximum time without a message of a worker, in milliseconds. A busy machine must not exceed it. */
const MAX_SILENCE_MS = 30 * ALIVE_EVERY_MS;

/** Maximum time from the end of the orders to the end of the worker, in milliseconds. */
const MAX_END_MS = 2_000;

/** The used part of a process; `Deno.ChildProcess` is one. */
export interface Process {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  kill(signal: "SIGKILL"): void;
}

/** The answer of a type. */
type AnswerOf<Type extends WorkerAnswer["type"]> = Extract<WorkerAnswer, { readonly type: Type }>;

/** Some of the clients of a run, in another process. */
export class RemoteShare implements Share {
  readonly #process: Process;
  readonly #name: string;
  readonly #events: ShareEvents;
  readonly #silenceMs: number;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  /** The answer to the last order. */
  #pendingAnswer: PromiseWithResolvers<WorkerAnswer> | undefined;
  /** Resolved by the first message. */
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;
  #failure: Error | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /**
   * @param name for messages, such as `worker process 2 of 3`
   * @param silenceMs maximum time without a message, in milliseconds (default 15,000)
   */
  constructor(process: Process, name: string, events: ShareEvents, silenceMs = MAX_SILENCE_MS) {
    this.#process = process;
    this.#name = `${name} (process ${process.pid})`;
    this.#events = events;
    this.#silenceMs = silenceMs;
    this.#orders = process.stdin.getWriter();
    // A failure also rejects the next order.
    this.#ready.promise.catch(() => {});
    this.#reading = this.#read();
  }

  /** Waits until the process has booted. @throws {ExitError} if it fails before */
  ready(): Promise<void> {
    if (!this.#isReady) this.#restartSilenceTimer();
    return this.#ready.promise;
  }

  async connect(order: ShareOrder): Promise<ConnectedTarget> {
    return (await this.#sendOrder({ type: "connect", order }, "connected")).server;
  }

  async prepare(stage: number): Promise<UnmeasuredResult> {
    return (await this.#sendOrder({ type: "prepare", stage }, "prepared")).result;
  }

  async refill(stage: number, keys: number, untilUnixMs: number): Promise<UnmeasuredResult> {
    const order = { type: "refill", stage, keys, untilUnixMs } as const;
    return (await this.#sendOrder(order, "refilled")).result;
  }

  async warm(stage: number, keyEnds: readonly number[]): Promise<void> {
    await this.#sendOrder({ type: "warm", stage, keyEnds }, "warm");
  }

  async start(startUnixMs: number): Promise<StageData> {
    return (await this.#sendOrder({ type: "start", unixMs: startUnixMs }, "measured")).data;
  }

  cancel(): void {
    this.#send({ type: "cancel" });
  }

  async cleanUp(): Promise<UnmeasuredResult> {
    return (await this.#sendOrder({ type: "cleanUp" }, "cleanedUp")).result;
  }

  async end(): Promise<void> {
    await this.#sendOrder({ type: "end" }, "ended");
  }

  /** Ends the process: by the end of its orders, then by a signal after `MAX_END_MS`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#silenceTimer);
    // This fails if the process has ended already.
    const closing = this.#orders.close().catch(() => {});
    const { status } = this.#process;
    if (!await settlesWithin(status, MAX_END_MS)) this.#kill();
    await Promise.all([closing, status, this.#reading]);
  }

  async #sendOrder<Type extends WorkerAnswer["type"]>(
    order: WorkerOrder,
    type: Type,
  ): Promise<AnswerOf<Type>> {
    if (this.#failure) throw this.#failure;
    const pendingAnswer = this.#pendingAnswer = Promise.withResolvers<WorkerAnswer>();
    this.#restartSilenceTimer();
    this.#send(order);
    const answer = await pendingAnswer.promise;
    if (answer.type === "failed") throw new ExitError(`${this.#name}: ${answer.message}`);
    if (answer.type === type) return answer as AnswerOf<Type>;
    throw new ExitError(`${this.#name} answered ${order.type} with ${answer.type}`);
  }

  #send(order: WorkerOrder): void {
    const bytes = new TextEncoder().encode(`${messageLine(order)}\n`);
    // If the write fails, the process has ended: the reading side reports why.
    this.#orders.write(bytes).catch(() => {});
  }

  async #read(): Promise<void> {
    try {
      for await (const line of linesOf(this.#process.stdout)) this.#handleLine(line);
    } catch (error) {
      this.#fail(messageOf(error));
      this.#kill();
    }
    const { code, signal } = await this.#process.status;
    this.#fail(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`);
  }

  #handleLine(line: string): void {
    const message = readAnswer(line);
    this.#restartSilenceTimer();
    this.#isReady = true;
    this.#ready.resolve();
    if (message.type === "alive") this.#events.onProgress(message.operations);
    else if (message.type === "note") this.#events.onNote(message.text);
    else {
      this.#pendingAnswer?.resolve(message);
      this.#pendingAnswer = undefined;
    }
  }

  /** Restarts the timer for the next message. */
  #restartSilenceTimer(): void {
    clearTimeout(this.#silenceTimer);
    if (this.#isClosed || this.#failure) return;
    this.#silenceTimer = setTimeout(() => {
      this.#fail(`sent no message for ${this.#silenceMs / 1e3} s, so it was killed`);
      this.#kill();
    }, this.#silenceMs);
  }

  #fail(what: string): void {
    clearTimeout(this.#silenceTimer);
    if (this.#isClosed) return;
    this.#failure ??= new ExitError(`${this.#name} ${what}`);
    this.#ready.reject(this.#failure);
    this.#pendingAnswer?.reject(this.#failure);
    this.#pendingAnswer = undefined;
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // The process has ended already.
    }
  }
}
