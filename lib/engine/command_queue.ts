/**
 * The one serialized queue: the only caller of commands (I7).
 *
 * A client's requests are executed one at a time, each whole, as soon as they are there, at most
 * `MAX_BATCH_REQUESTS` of them, for at most `MAX_BATCH_MS` and `MAX_BATCH_REPLY_BYTES`; what is left stands in
 * line for the next turn, so that a client that pipelines thousands does not hold up the others. So does
 * everybody where much was done at once; who asks for little comes first (see `fair_queue.ts`).
 * Requests are decoded when their turn comes, so nothing but the bytes of a client's last read waits
 * here (I5).
 *
 * Changes that are to be durable wait for the next turn in any case, which comes when all that this round
 * of the event loop has brought is read: they are made and written together, with nothing in between.
 */
import { ByteChunks } from "../bytes/byte_chunks.ts";
import {
  BULK_BYTES,
  CLIENT_OVERHEAD_BYTES,
  MAX_BATCH_MS,
  MAX_BATCH_REPLY_BYTES,
  MAX_BATCH_REQUESTS,
  MAX_IMMEDIATE_BYTES,
  MAX_REPLY_BUFFER_BYTES,
  QUICK_SEARCH_MS,
} from "../base/limits.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import { type Client, COMMANDS } from "../commands/command_table.ts";
import type { CursorsSnapshot } from "../commands/cursors.ts";
import type { GroupCommit, Waiter } from "./group_commit.ts";
import type { Answer } from "./executor.ts";
import type { Yielder } from "../runtime/yielding.ts";
import { FairQueue } from "../base/fair_queue.ts";

/** A client's requests, in order. */
export interface RequestSource {
  readonly client: Client;
  /** Takes the replies. */
  readonly out: ByteChunks;
  /** The next one, or undefined when there is none for now or the client takes no more replies. */
  next(): Request | Rejection | undefined;
  /**
   * Told of each reply that was put into `out`.
   *
   * @param waitingBytes what is in `out` now
   */
  answered(answer: Answer, waitingBytes: number): void;
  /** Length of its last request, in bytes: what it took to read it. */
  readonly lineBytes: number;
  /** Whether it asked for little the last time; kept for the queue. */
  isQuick: boolean;
}

/** Executes one request; `whyNoChanges` is set where changes are to fail. */
export type Execute = (
  client: Client,
  request: Request | Rejection,
  out: ByteChunks,
  writeError?: string,
) => Answer;

/** A client whose requests are not all executed, or whose replies may not leave yet. */
interface Waiting extends Waiter {
  readonly source: RequestSource;
  /** What comes next: a change that is to be made in a turn, or what stands behind a search. */
  held: Request | Rejection | undefined;
  /** Whether it stands in the line of those who ask for little: from the start, and as long as that is so. */
  isQuick: boolean;
  durableAfterSeq: number;
  /** Its source was given up: nothing that it holds is there any more. */
  isOver: boolean;
  done: () => void;
  failed: (bug: unknown) => void;
}

/** A reply that shows a change which was not written yet. */
interface PendingReply {
  readonly waiting: Waiting;
  readonly request: Request | Rejection;
  /** Where the reply is in the source's `out`. */
  readonly start: number;
  readonly end: number;
  /** What it found open, where it goes through the table in parts. */
  readonly cursors: CursorsSnapshot | undefined;
}

/** Requests between two looks at the clock, which costs about as much as one of them. */
const REQUESTS_PER_CLOCK = 8;

const NOTHING = () => {};

/** Serializes the requests of all clients. */
export class CommandQueue {
  readonly #execute: Execute;
  readonly #commits: GroupCommit;
  readonly #yielder: Yielder;
  readonly #line = new FairQueue<Waiting>();
  /** Of this turn: clients that are through, and replies that depend on its changes. */
  #through: Waiting[] = [];
  #unwritten: PendingReply[] = [];
  #isTurnComing = false;
  /** Whether a request is being executed: one that comes from within stands in line (I7). */
  #isServing = false;
  /** Bytes of requests and replies of this round of the event loop, or of a few with few of them. */
  #atOnceBytes = 0;
  /** Whether the last request was a search that took its time. */
  #wasLongSearch = false;

  /** @param yielder shared with whatever else does much work in this process */
  constructor(execute: Execute, commits: GroupCommit, yielder: Yielder) {
    this.#execute = execute;
    this.#commits = commits;
    this.#yielder = yielder;
  }

  /**
   * Executes a client's requests, at once or when its turn comes.
   *
   * @returns when its `next` had nothing more to give, and all it gave is answered and may be told;
   * undefined where that is so already
   * @throws what executing one of its requests threw: a bug, which ends this client and no other
   */
  submit(source: RequestSource): Promise<void> | undefined {
    const waiting: Waiting = {
      source,
      held: undefined,
      isQuick: source.isQuick,
      durableAfterSeq: 0,
      isOver: false,
      done: NOTHING,
      failed: NOTHING,
    };
    try {
      const mustWait = this.#isServing || this.#atOnceBytes > MAX_IMMEDIATE_BYTES;
      if (mustWait || this.#line.length > 0) this.#line.add(waiting, waiting.isQuick);
      else if (!this.#serve(waiting)) this.#line.add(waiting, waiting.isQuick);
      else if (waiting.durableAfterSeq <= this.#commits.durableSeq) return undefined;
      else this.#through.push(waiting);
    } finally {
      this.#callTurn();
    }
    return new Promise((done, failed) => {
      waiting.done = done;
      waiting.failed = failed;
    });
  }

  /** Lets a turn come where there is something left to do. */
  #callTurn(): void {
    if (this.#isTurnComing) return;
    if (this.#line.length + this.#through.length === 0) return;
    this.#isTurnComing = true;
    // Behind the readers that this round of the event loop has woken; in the next round where those
    // have had their share of this one.
    if (this.#atOnceBytes > MAX_IMMEDIATE_BYTES) this.#turnInNextRound();
    else queueMicrotask(this.#turn);
  }

  #turnInNextRound(): void {
    const turn = () => {
      this.#atOnceBytes = 0;
      this.#turn();
    };
    const rest = this.#yielder.yield(true);
    if (rest === undefined) setImmediate(turn);
    else void rest.then(turn);
  }

  readonly #turn = (): void => {
    this.#serveLine();
    // A turn ends with its changes written, so that there is never an open batch between turns.
    if (this.#commits.isOpen) this.#write();
    const through = this.#through;
    this.#through = [];
    this.#commits.release(through);
    if (this.#line.length > 0) this.#turnInNextRound();
    else this.#isTurnComing = false;
  };

  /** Serves those in line until there is nobody, or the turn's time is up. */
  #serveLine(): void {
    const deadline = performance.now() + MAX_BATCH_MS;
    for (let waiting = this.#line.take(); waiting !== undefined; waiting = this.#line.take()) {
      if (waiting.isOver) continue;
      try {
        if (this.#serve(waiting, deadline)) this.#through.push(waiting);
        else this.#line.add(waiting, waiting.isQuick);
      } catch (bug) {
        waiting.failed(bug);
      }
      if (performance.now() > deadline) return;
    }
  }

  /**
   * Executes a client's requests, at least one. A search may take long, so it ends a client's turn.
   *
   * A change that is to be written goes no further than here outside of a turn: a turn ends with its
   * changes written, and in between nobody must see what may still be undone.
   *
   * @param deadline of `performance.now()`; 0: this is no turn, and has `MAX_BATCH_MS` after the first look at
   * the clock
   * @returns whether all of them are executed
   */
  #serve(waiting: Waiting, deadline: number = 0): boolean {
    const { source } = waiting;
    const { out } = source;
    const bytesBefore = out.length;
    this.#isServing = true;
    try {
      const ending = this.#executeSome(waiting, deadline);
      const bytes = out.length - bytesBefore + source.lineBytes;
      this.#atOnceBytes += CLIENT_OVERHEAD_BYTES + bytes;
      // A change that has to wait for its turn tells nothing.
      if (ending !== "change") {
        source.isQuick = bytes < BULK_BYTES && !this.#wasLongSearch;
        waiting.isQuick &&= source.isQuick;
      }
      return ending === "through";
    } finally {
      this.#isServing = false;
    }
  }

  #executeSome(waiting: Waiting, deadline: number): "through" | "more" | "change" {
    const { source } = waiting;
    const { client, out } = source;
    const mayChange = deadline !== 0 || !this.#commits.keepsChanges;
    let start = out.length;
    const fullAt = start + MAX_BATCH_REPLY_BYTES;
    for (let count = 1;; count++) {
      const request = waiting.held ?? source.next();
      if (request === undefined) return "through";
      const { method } = request;
      const flags = method === undefined ? undefined : COMMANDS[method];
      if (!mayChange && flags?.isWrite) {
        waiting.held = request;
        return "change";
      }
      waiting.held = undefined;
      const isSearch = flags?.isSearch === true;
      const cursors = isSearch ? client.cursors.snapshot() : undefined;
      const beganMs = isSearch ? performance.now() : 0;
      const answer = this.#execute(client, request, out);
      const end = out.length;
      source.answered(answer, end);
      if (answer.durableAfterSeq > waiting.durableAfterSeq) {
        waiting.durableAfterSeq = answer.durableAfterSeq;
      }
      if (answer.durableAfterSeq > this.#commits.writtenSeq) {
        this.#unwritten.push({ waiting, request, start, end, cursors });
      }
      this.#wasLongSearch = isSearch && performance.now() - beganMs > QUICK_SEARCH_MS;
      let isOver = isSearch || count === MAX_BATCH_REQUESTS || end >= fullAt;
      if (count % REQUESTS_PER_CLOCK === 0) {
        const nowMs = performance.now();
        if (deadline === 0) deadline = nowMs + MAX_BATCH_MS;
        else if (nowMs > deadline) isOver = true;
      }
      if (isOver) {
        // Whoever has nothing more, or takes no more, need not stand in line for that to be seen.
        waiting.held = source.next();
        return waiting.held === undefined ? "through" : "more";
      }
      start = end;
    }
  }

  /** Writes the turn's changes; where that fails, they are undone, and all that depends is done again. */
  #write(): void {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    const whyNot = this.#commits.write();
    if (whyNot === undefined) return;
    const bySource = Map.groupBy(unwritten, ({ waiting }) => waiting);
    for (const [waiting, replies] of bySource) {
      try {
        this.#answerAgain(waiting, replies, whyNot);
      } catch (bug) {
        waiting.isOver = true; // it may stand in line with a request that is held
        waiting.failed(bug); // no memory for the replies
      }
    }
  }

  /** Puts other replies in the place of those that depended on a change which is undone. */
  #answerAgain(waiting: Waiting, replies: readonly PendingReply[], whyNot: string): void {
    const { client, out } = waiting.source;
    const before = new ByteChunks();
    before.moveFrom(out);
    try {
      // What the first search found open; those after it find what is opened anew before them.
      const cursors = replies.find(({ cursors }) => cursors)?.cursors;
      if (cursors) client.cursors.restore(cursors);
      let kept = 0;
      for (const { request, start, end } of replies) {
        out.addFrom(before, kept, start);
        // What is undone may have been small, and what is there again large.
        const hasRoom = out.length <= before.length + MAX_REPLY_BUFFER_BYTES;
        this.#execute(client, hasRoom ? request : notAnswered(request, whyNot), out, whyNot);
        kept = end;
      }
      out.addFrom(before, kept);
    } finally {
      before.clear();
    }
    waiting.durableAfterSeq = Math.min(waiting.durableAfterSeq, this.#commits.writtenSeq);
  }
}

/** In place of a request whose new reply would be one too many. */
function notAnswered({ id, method }: Request | Rejection, whyNot: string): Rejection {
  const message =
    `Cannot answer this request together with changes that failed (${whyNot}); ask again`;
  return { id, method, failure: { type: "StorageError", message } };
}
