/**
 * The command queue: the only place where requests are executed, one at a time (I7).
 *
 * If no other client waits, a client's requests are executed as soon as they are read. One slice has at
 * most `MAX_BATCH_REQUESTS` requests, `MAX_BATCH_MS` and `MAX_BATCH_REPLY_BYTES`. Then the client is
 * queued for its next slice, so a client that pipelines thousands of requests does not delay the others.
 * Clients with little work come first (`fair_queue.ts`). A request is decoded right before it is
 * executed, so the queue holds only the bytes of each client's last read (I5).
 *
 * A batch executes the slices of queued clients and ends with its changes written. Changes that go to
 * disk are made in a batch only, so between batches no change is unwritten. The batch begins after all
 * clients that this round of the event loop has data for, so that their changes share one write.
 */
import { FairQueue } from "../base/fair_queue.ts";
import {
  BULK_BYTES,
  CLIENT_OVERHEAD_BYTES,
  MAX_BATCH_MS,
  MAX_BATCH_REPLY_BYTES,
  MAX_BATCH_REQUESTS,
  MAX_IMMEDIATE_BYTES,
  QUICK_SEARCH_MS,
} from "../base/limits.ts";
import { COMMANDS } from "../commands/command_table.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import type { Yielder } from "../runtime/yielding.ts";
import type { RequestSource, Submit } from "./engine.ts";
import type { Execute } from "./executor.ts";
import type { GroupCommit, Waiter } from "./group_commit.ts";
import { executeAgain, type PendingReply } from "./rollback.ts";

/**
 * One client of the queue, made once per connection. Its state belongs to the queue. Each request is
 * executed before `next` of its source returns another one (I1).
 */
export class QueuedClient implements Waiter {
  readonly source: RequestSource;
  /** The next request, if it was taken from the source and not executed yet. */
  held: Request | Rejection | undefined;
  /** Whether its last slice was little work. */
  wasQuick = false;
  /** Whether it is in the quick lane: its last slice before this submit, and all since, were little work. */
  isQuick = false;
  /** Number of the last change that its replies show. */
  durableAfterSeq = 0;
  /** Its replies that show unwritten changes. */
  pendingReplies: PendingReply[] = [];
  /** Whether a bug ended the client. */
  hasFailed = false;
  done: () => void = ignore;
  fail: (bug: unknown) => void = ignore;

  constructor(source: RequestSource) {
    this.source = source;
  }
}

/** Requests between two reads of the clock, which cost as much as one request. */
const REQUESTS_PER_CLOCK = 8;

/** Serializes the requests of all clients. */
export class CommandQueue {
  readonly #execute: Execute;
  readonly #commits: GroupCommit;
  readonly #yielder: Yielder;
  readonly #queue = new FairQueue<QueuedClient>();
  /** Clients whose requests are executed, and whose replies wait for the end of the batch. */
  #executed: QueuedClient[] = [];
  /** Clients with replies that show unwritten changes. */
  #pending: QueuedClient[] = [];
  #isBatchScheduled = false;
  /** Whether a request is being executed. A client that is submitted meanwhile is queued (I7). */
  #isExecuting = false;
  /** Bytes of requests and replies since the last pause. */
  #immediateBytes = 0;
  /** Whether the last request was a search that took long. */
  #wasLongSearch = false;

  /** @param yielder shared by all code of this process that does much work */
  constructor(execute: Execute, commits: GroupCommit, yielder: Yielder) {
    this.#execute = execute;
    this.#commits = commits;
    this.#yielder = yielder;
  }

  /** Adds a client. @returns `submit` for it */
  attach(source: RequestSource): Submit {
    const client = new QueuedClient(source);
    return () => this.submit(client);
  }

  /**
   * Executes the requests of a client, now or in a batch. A client is submitted once at a time.
   *
   * @returns undefined if all requests are executed and the replies may leave; else a promise of that
   * @throws the error of a request that threw: a bug, which ends this client only
   */
  submit(client: QueuedClient): Promise<void> | undefined {
    client.isQuick = client.wasQuick;
    client.durableAfterSeq = 0;
    try {
      const mustWait = this.#isExecuting || this.#immediateBytes > MAX_IMMEDIATE_BYTES ||
        this.#queue.length > 0;
      if (mustWait || !this.#executeSlice(client)) this.#queue.add(client, client.isQuick);
      else if (client.durableAfterSeq <= this.#commits.durableSeq) return undefined;
      else this.#executed.push(client);
    } finally {
      this.#scheduleBatch();
    }
    return new Promise((done, fail) => {
      client.done = done;
      client.fail = fail;
    });
  }

  /** Schedules a batch if there is work for one. */
  #scheduleBatch(): void {
    if (this.#isBatchScheduled) return;
    if (this.#queue.length + this.#executed.length === 0) return;
    this.#isBatchScheduled = true;
    // A microtask comes after all readers that this round of the event loop has resumed.
    if (this.#immediateBytes > MAX_IMMEDIATE_BYTES) this.#runBatchInNextRound();
    else queueMicrotask(this.#runBatch);
  }

  #runBatchInNextRound(): void {
    const run = () => {
      this.#immediateBytes = 0;
      this.#runBatch();
    };
    const pause = this.#yielder.yield(true);
    if (pause === undefined) setImmediate(run);
    else void pause.then(run);
  }

  readonly #runBatch = (): void => {
    this.#executeQueued();
    if (this.#commits.isOpen) this.#write(); // also if clients are left: no change stays unwritten
    const executed = this.#executed;
    this.#executed = [];
    this.#commits.release(executed);
    if (this.#queue.length > 0) this.#runBatchInNextRound();
    else this.#isBatchScheduled = false;
  };

  /** Executes slices of queued clients until the queue is empty or the time is up. */
  #executeQueued(): void {
    const deadline = performance.now() + MAX_BATCH_MS;
    for (let client = this.#queue.take(); client !== undefined; client = this.#queue.take()) {
      if (client.hasFailed) continue;
      try {
        if (this.#executeSlice(client, deadline)) this.#executed.push(client);
        else this.#queue.add(client, client.isQuick);
      } catch (bug) {
        failClient(client, bug);
      }
      if (performance.now() > deadline) return;
    }
  }

  /**
   * Executes one slice of a client, at least one request. Outside of a batch, it stops before a change
   * that goes to disk.
   *
   * @param deadline of the batch, by `performance.now()`; 0 outside of a batch
   * @returns whether the client has no more requests
   */
  #executeSlice(client: QueuedClient, deadline: number = 0): boolean {
    const { out } = client.source;
    const bytesBefore = out.length;
    this.#isExecuting = true;
    try {
      const end = this.#executeRequests(client, deadline);
      const bytes = out.length - bytesBefore + client.source.lineBytes;
      this.#immediateBytes += CLIENT_OVERHEAD_BYTES + bytes;
      // A slice that stopped before a change shows nothing about the client.
      if (end !== "change") {
        client.wasQuick = bytes < BULK_BYTES && !this.#wasLongSearch;
        client.isQuick &&= client.wasQuick;
      }
      return end === "no more";
    } finally {
      this.#isExecuting = false;
    }
  }

  #executeRequests(client: QueuedClient, deadline: number): "no more" | "more" | "change" {
    const { source } = client;
    const { client: { cursors }, out } = source;
    const mayWrite = deadline !== 0 || !this.#commits.keepsChanges;
    let start = out.length;
    const maxLength = start + MAX_BATCH_REPLY_BYTES;
    for (let count = 1;; count++) {
      const request = client.held ?? source.next();
      if (request === undefined) return "no more";
      const { method } = request;
      const flags = method === undefined ? undefined : COMMANDS[method];
      if (!mayWrite && flags?.isWrite) {
        client.held = request;
        return "change";
      }
      client.held = undefined;
      const isSearch = flags?.isSearch === true;
      const cursorsBefore = isSearch ? cursors.snapshot() : undefined;
      const startMs = isSearch ? performance.now() : 0;
      const { durableAfterSeq } = this.#execute(source.client, request, out);
      const end = out.length;
      if (durableAfterSeq > client.durableAfterSeq) client.durableAfterSeq = durableAfterSeq;
      if (durableAfterSeq > this.#commits.writtenSeq) {
        if (client.pendingReplies.length === 0) this.#pending.push(client);
        client.pendingReplies.push({ request, start, end, cursors: cursorsBefore });
      }
      this.#wasLongSearch = isSearch && performance.now() - startMs > QUICK_SEARCH_MS;
      // A search may take long, so it ends the slice.
      let isSliceOver = isSearch || count === MAX_BATCH_REQUESTS || end >= maxLength;
      if (count % REQUESTS_PER_CLOCK === 0) {
        const nowMs = performance.now();
        if (deadline === 0) deadline = nowMs + MAX_BATCH_MS;
        else if (nowMs > deadline) isSliceOver = true;
      }
      if (isSliceOver) {
        client.held = source.next();
        return client.held === undefined ? "no more" : "more";
      }
      start = end;
    }
  }

  /** Writes the changes of the batch. If that fails, executes the requests that depend on them again. */
  #write(): void {
    const pending = this.#pending;
    this.#pending = [];
    const writeError = this.#commits.write();
    for (const client of pending) {
      const { source, pendingReplies } = client;
      client.pendingReplies = [];
      if (writeError === undefined || client.hasFailed) continue;
      try {
        executeAgain(this.#execute, source.client, source.out, pendingReplies, writeError);
        client.durableAfterSeq = Math.min(client.durableAfterSeq, this.#commits.writtenSeq);
      } catch (bug) {
        failClient(client, bug); // no memory for the replies
      }
    }
  }
}

/** Ends a client. It may still be queued, or have pending replies. */
function failClient(client: QueuedClient, bug: unknown): void {
  client.hasFailed = true;
  client.fail(bug);
}

function ignore(): void {}
