/**
 * The one serialized queue: the only caller of commands (I7).
 *
 * Clients that have requests stand in line. The first one's requests are executed one at a time,
 * each whole, at most `REQUESTS_PER_TURN` of them; then it goes to the end of the line, so that a
 * client that pipelines thousands does not hold up the others. Requests are decoded when their turn
 * comes, so nothing but the bytes of a client's last read waits here (I5).
 *
 * All that came in one round of the event loop is executed in one turn, up to `TURN_MS`; then the
 * event loop looks at the sockets again.
 */
import { REQUESTS_PER_TURN, TURN_MS } from "../base/limits.ts";
import type { Refusal, Request } from "../protocol/message.ts";
import type { Client } from "../table/commands.ts";
import type { CursorsSnapshot } from "../table/cursors.ts";
import type { Commits, Waiter } from "./commits.ts";
import type { Answer } from "./executor.ts";

/** A client's requests, in order. */
export interface RequestSource {
  readonly client: Client;
  /** The next one, or undefined when there is none for now or the client takes no more replies. */
  next(): Request | Refusal | undefined;
  /** Takes the reply to the last one, and gives it a number. */
  answer(answer: Answer): number;
  /** Takes another reply in place of that one. */
  answerAgain(number: number, answer: Answer): void;
}

/** Executes one request; `whyNoChanges` is set where changes are to fail. */
export type Execute = (
  client: Client,
  request: Request | Refusal,
  whyNoChanges?: string,
) => Answer;

interface Waiting extends Waiter {
  readonly source: RequestSource;
  afterSeq: number;
  readonly failed: (bug: unknown) => void;
}

/** A reply that shows a change which was not written yet. */
interface Unwritten {
  readonly waiting: Waiting;
  readonly request: Request | Refusal;
  readonly number: number;
  /** What it found open, where it goes through the table in parts. */
  readonly cursors: CursorsSnapshot | undefined;
}

/** Serializes the requests of all clients. */
export class CommandQueue {
  readonly #execute: Execute;
  readonly #commits: Commits;
  #line: Waiting[] = [];
  /** Of this turn: clients that are through, and replies that depend on its changes. */
  #through: Waiting[] = [];
  #unwritten: Unwritten[] = [];
  #isTurnComing = false;

  constructor(execute: Execute, commits: Commits) {
    this.#execute = execute;
    this.#commits = commits;
  }

  /**
   * Puts a client in line.
   *
   * @returns when its `next` had nothing more to give, and all it gave is answered and may be told
   * @throws what executing one of its requests threw: a bug, which ends this client and no other
   */
  submit(source: RequestSource): Promise<void> {
    return new Promise((done, failed) => {
      this.#line.push({ source, done, failed, afterSeq: 0 });
      if (this.#isTurnComing) return;
      this.#isTurnComing = true;
      // Behind the readers that this round of the event loop has woken.
      queueMicrotask(this.#turn);
    });
  }

  readonly #turn = (): void => {
    this.#executeAll();
    // A turn ends with its changes written, so that there is never an open batch between turns.
    if (this.#unwritten.length > 0) this.#write();
    const through = this.#through;
    this.#through = [];
    this.#commits.release(through);
    if (this.#line.length > 0) setImmediate(this.#turn);
    else this.#isTurnComing = false;
  };

  /** Serves those in line until there is nobody, or the turn's time is up. */
  #executeAll(): void {
    const deadline = performance.now() + TURN_MS;
    while (this.#line.length > 0) {
      const round = this.#line;
      this.#line = [];
      for (let at = 0; at < round.length; at++) {
        const waiting = round[at];
        if (waiting === undefined) continue;
        if (!this.#serve(waiting, deadline)) this.#line.push(waiting);
        if (at + 1 < round.length && performance.now() > deadline) {
          this.#line = [...round.slice(at + 1), ...this.#line];
          return;
        }
      }
      if (performance.now() > deadline) return;
    }
  }

  /** Writes the turn's changes; where that fails, they are undone, and all that depends is done again. */
  #write(): void {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    const whyNot = this.#commits.write();
    if (whyNot === undefined) return;
    for (const { waiting, request, number, cursors } of unwritten) {
      if (cursors) waiting.source.client.cursors.restore(cursors);
      const answer = this.#execute(waiting.source.client, request, whyNot);
      waiting.source.answerAgain(number, answer);
      waiting.afterSeq = Math.min(waiting.afterSeq, this.#commits.writtenSeq);
    }
  }

  /** Executes a client's requests, at least one; true when this is over. */
  #serve(waiting: Waiting, deadline: number): boolean {
    const { source, failed } = waiting;
    try {
      for (let count = 1;; count++) {
        const request = source.next();
        if (request === undefined) {
          this.#through.push(waiting);
          return true;
        }
        const isPart = "limit" in request && request.limit !== undefined;
        const cursors = isPart ? source.client.cursors.snapshot() : undefined;
        const answer = this.#execute(source.client, request);
        const number = source.answer(answer);
        if (answer.afterSeq > waiting.afterSeq) waiting.afterSeq = answer.afterSeq;
        if (answer.afterSeq > this.#commits.writtenSeq) {
          this.#unwritten.push({ waiting, request, number, cursors });
        }
        if (count === REQUESTS_PER_TURN || performance.now() > deadline) return false;
      }
    } catch (bug) {
      failed(bug);
      return true;
    }
  }
}
