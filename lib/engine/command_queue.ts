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
import type { Answer } from "./executor.ts";

/** A client's requests, in order. */
export interface RequestSource {
  readonly client: Client;
  /** The next one, or undefined when there is none for now or the client takes no more replies. */
  next(): Request | Refusal | undefined;
  /** Takes the reply to the last one. */
  answer(answer: Answer): void;
}

/** Executes one request. */
export type Execute = (client: Client, request: Request | Refusal) => Answer;

interface Waiting {
  readonly source: RequestSource;
  readonly done: () => void;
  readonly failed: (bug: unknown) => void;
}

/** Serializes the requests of all clients. */
export class CommandQueue {
  readonly #execute: Execute;
  #line: Waiting[] = [];
  #isTurnComing = false;

  constructor(execute: Execute) {
    this.#execute = execute;
  }

  /**
   * Puts a client in line.
   *
   * @returns when its `next` had nothing more to give and all it gave was answered
   * @throws what executing one of its requests threw: a bug, which ends this client and no other
   */
  submit(source: RequestSource): Promise<void> {
    return new Promise((done, failed) => {
      this.#line.push({ source, done, failed });
      if (this.#isTurnComing) return;
      this.#isTurnComing = true;
      // Behind the readers that this round of the event loop has woken.
      queueMicrotask(this.#turn);
    });
  }

  readonly #turn = (): void => {
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
          break;
        }
      }
      if (this.#line.length > 0 && performance.now() > deadline) {
        setImmediate(this.#turn);
        return;
      }
    }
    this.#isTurnComing = false;
  };

  /** Executes a client's requests, at least one; true when this is over. */
  #serve({ source, done, failed }: Waiting, deadline: number): boolean {
    try {
      for (let count = 1;; count++) {
        const request = source.next();
        if (request === undefined) {
          done();
          return true;
        }
        source.answer(this.#execute(source.client, request));
        if (count === REQUESTS_PER_TURN || performance.now() > deadline) return false;
      }
    } catch (bug) {
      failed(bug);
      return true;
    }
  }
}
