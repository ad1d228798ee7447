/** A share of a run's clients in another process, which does what this one says. */
import { settlesWithin } from "../../base/clock.ts";
import { ExitError, messageOf } from "../../base/errors.ts";
import type { RunTarget, Share, ShareEvents, ShareOrder, Unmeasured } from "./share.ts";
import type { StageData } from "../measure/stage_data.ts";
import {
  ALIVE_EVERY_MS,
  linesOf,
  messageLine,
  readAnswer,
  type WorkerAnswer,
  type WorkerOrder,
} from "./worker_messages.ts";

/** A worker that says nothing for so long hangs, in milliseconds. A machine may be very busy. */
const SILENCE_MS = 30 * ALIVE_EVERY_MS;

/** How long a worker may take to end when its orders do, in milliseconds. */
const END_MS = 2_000;

/** The process, as far as it matters here; `Deno.ChildProcess` is one. */
export interface Process {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  kill(signal: "SIGKILL"): void;
}

/** Answers by their type. */
type AnswerOf<Type extends WorkerAnswer["type"]> = Extract<WorkerAnswer, { readonly type: Type }>;

/** Some of the clients of a run, in another process. */
export class WorkerProcess implements Share {
  readonly #process: Process;
  readonly #name: string;
  readonly #events: ShareEvents;
  readonly #silenceMs: number;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  /** Who waits for the answer to the last order. */
  #waiting: PromiseWithResolvers<WorkerAnswer> | undefined;
  /** Resolved once it is heard of. */
  readonly #ready = Promise.withResolvers<void>();
  #isReady = false;
  #failure: Error | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /**
   * @param name for messages, such as `worker process 2 of 3`
   * @param silenceMs after which it counts as hanging, in milliseconds (default 15,000)
   */
  constructor(process: Process, name: string, events: ShareEvents, silenceMs = SILENCE_MS) {
    this.#process = process;
    this.#name = `${name} (process ${process.pid})`;
    this.#events = events;
    this.#silenceMs = silenceMs;
    this.#orders = process.stdin.getWriter();
    // Whoever asks for something is told of a failure, too.
    this.#ready.promise.catch(() => {});
    this.#reading = this.#read();
  }

  /** Waits until the process has booted. @throws {ExitError} where it fails before */
  ready(): Promise<void> {
    if (!this.#isReady) this.#listen();
    return this.#ready.promise;
  }

  async begin(order: ShareOrder): Promise<RunTarget> {
    return (await this.#ask({ type: "begin", order }, "begun")).server;
  }

  async prepare(stage: number): Promise<Unmeasured> {
    return (await this.#ask({ type: "prepare", stage }, "prepared")).result;
  }

  async warm(stage: number, keyEnds: readonly number[]): Promise<void> {
    await this.#ask({ type: "warm", stage, keyEnds }, "warm");
  }

  async start(startUnixMs: number): Promise<StageData> {
    return (await this.#ask({ type: "start", unixMs: startUnixMs }, "measured")).data;
  }

  async cleanUp(): Promise<Unmeasured> {
    return (await this.#ask({ type: "cleanUp" }, "cleanedUp")).result;
  }

  async end(): Promise<void> {
    await this.#ask({ type: "end" }, "ended");
  }

  /** Ends the process: in order where it can, by force where it does not within `END_MS`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#silence);
    // A process that is gone does not take it; that is no news here.
    const closing = this.#orders.close().catch(() => {});
    const { status } = this.#process;
    if (!await settlesWithin(status, END_MS)) this.#kill();
    await Promise.all([closing, status, this.#reading]);
  }

  async #ask<Type extends WorkerAnswer["type"]>(
    order: WorkerOrder,
    type: Type,
  ): Promise<AnswerOf<Type>> {
    if (this.#failure) throw this.#failure;
    const waiting = this.#waiting = Promise.withResolvers<WorkerAnswer>();
    this.#listen();
    const bytes = new TextEncoder().encode(`${messageLine(order)}\n`);
    // Where it cannot be written, the process is gone: the reading side finds out and says why.
    this.#orders.write(bytes).catch(() => {});
    const answer = await waiting.promise;
    if (answer.type === "failed") throw new ExitError(`${this.#name}: ${answer.message}`);
    if (answer.type === type) return answer as AnswerOf<Type>;
    throw new ExitError(`${this.#name} answered ${order.type} with ${answer.type}`);
  }

  async #read(): Promise<void> {
    try {
      for await (const line of linesOf(this.#process.stdout)) this.#take(line);
    } catch (error) {
      this.#fail(messageOf(error));
      this.#kill();
    }
    const { code, signal } = await this.#process.status;
    this.#fail(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
  }

  #take(line: string): void {
    const message = readAnswer(line);
    this.#listen();
    this.#isReady = true;
    this.#ready.resolve();
    if (message.type === "alive") this.#events.onProgress(message.operations);
    else if (message.type === "note") this.#events.onNote(message.text);
    else {
      this.#waiting?.resolve(message);
      this.#waiting = undefined;
    }
  }

  /** From now on it must be heard of in time. */
  #listen(): void {
    clearTimeout(this.#silence);
    if (this.#isClosed || this.#failure) return;
    this.#silence = setTimeout(() => {
      this.#fail(`was not heard of for ${this.#silenceMs / 1e3} s, so it was ended`);
      this.#kill();
    }, this.#silenceMs);
  }

  #fail(what: string): void {
    clearTimeout(this.#silence);
    if (this.#isClosed) return;
    this.#failure ??= new ExitError(`${this.#name} ${what}`);
    this.#ready.reject(this.#failure);
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
