/** The engine over a simulated disk: a server without its network. */
import { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import { type Log, silentLog } from "../../lib/base/log.ts";
import { textOf } from "../../lib/bytes/span.ts";
import { CommandQueue, QueuedClient } from "../../lib/engine/command_queue.ts";
import type { RequestSource } from "../../lib/engine/engine.ts";
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { type Answer, Executor } from "../../lib/engine/executor.ts";
import type { Rejection, Request } from "../../lib/protocol/requests.ts";
import { DurableStorage } from "../../lib/storage/durable_storage.ts";
import type { Files } from "../../lib/storage/folder/folder_files.ts";
import { recover, type Recovery } from "../../lib/storage/recovery/recovery.ts";
import type { Change, FsyncPolicy, Storage } from "../../lib/storage/storage.ts";
import type { Client } from "../../lib/commands/client_state.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { contextWith, neverYields, newClient } from "./command_context.ts";
import { requestOf, type TextChange, type TextRequest, textsOfChange } from "./requests.ts";
import { pairsOf as pairsInSlotsOf } from "../helpers/table_texts.ts";
import { textOfChunks } from "../helpers/streams.ts";

export type { TextChange, TextRequest } from "./requests.ts";

/** All changes in order, number N at index N - 1. Changes of a failed write are overwritten. */
export type History = TextChange[];

/** A storage that records each change at the index of its number. */
export function recordingStorage(storage: Storage, history: History): Storage {
  return {
    get durability() {
      return storage.durability;
    },
    get tableId() {
      return storage.tableId;
    },
    get writtenSeq() {
      return storage.writtenSeq;
    },
    get durableSeq() {
      return storage.durableSeq;
    },
    append(change) {
      const seq = storage.append(change);
      history.length = seq - 1;
      history.push(textsOfChange(change)); // a copy, because its bytes are reused
      return seq;
    },
    write() {
      try {
        storage.write();
      } catch (error) {
        history.length = storage.writtenSeq;
        throw error;
      }
    },
    syncNow: () => storage.syncNow(),
    sync: () => storage.sync(),
  };
}

/** An answer with its reply line. */
export interface LineAnswer extends Answer {
  /** The reply without its LF. */
  readonly line: string;
}

/** Called after each execution of a client's requests. */
export type OnExecuted = (request: Request | Rejection, answer: LineAnswer) => void;

/** A queue, group commit and an executor over a storage. */
export class Engine {
  readonly table: HashTable;
  readonly commits: GroupCommit;
  readonly queue: CommandQueue;
  readonly #onExecuted = new WeakMap<Client, OnExecuted>();

  constructor(storage: Storage, table: HashTable) {
    this.table = table;
    this.commits = new GroupCommit(storage, table);
    const executor = new Executor({
      context: contextWith({ table }),
      commits: this.commits,
      maxReplyBytes: 1e8,
      log: silentLog,
    });
    this.queue = new CommandQueue(
      (client, request, out, writeError) => {
        const start = out.length;
        const answer = executor.execute(client, request, out, writeError);
        const line = textOfChunks(out, start).slice(0, -1);
        this.#onExecuted.get(client)?.(request, { ...answer, line });
        return answer;
      },
      this.commits,
      neverYields,
    );
  }

  /** Calls back after each execution of a client's requests, including those after a failed write. */
  watch(client: Client, onExecuted: OnExecuted): void {
    this.#onExecuted.set(client, onExecuted);
  }
}

/** A client with a list of requests, each of which has its index as its id. */
export class ListedClient implements RequestSource {
  readonly lineBytes = 0;
  readonly isFull = false;
  readonly isClosed = false;
  readonly queued = new QueuedClient(this);
  readonly client: Client;
  readonly out = new ByteChunks();
  /** Whether all replies may leave. */
  isDone = false;
  readonly #requests: readonly TextRequest[];
  readonly #onAnswer: (request: TextRequest, answer: LineAnswer) => void;
  /** The requests that the queue has taken. */
  readonly #submitted: Request[] = [];

  /** @param onAnswer called with each answer, and again if a request is executed again */
  constructor(
    requests: readonly TextRequest[],
    onAnswer: (request: TextRequest, answer: LineAnswer) => void = () => {},
    client: Client = newClient(),
  ) {
    this.#requests = requests;
    this.#onAnswer = onAnswer;
    this.client = client;
  }

  /** The reply lines. */
  get lines(): string[] {
    return textOfChunks(this.out).split("\n").slice(0, -1);
  }

  /** The replies as JSON. */
  get replies(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }

  /** The replies as words: results, or the types of failures. */
  get words(): unknown[] {
    return this.replies.map((reply) => reply["status"] === "OK" ? reply["result"] : reply["type"]);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  next(): Request | undefined {
    const asked = this.#requests[this.#submitted.length];
    if (asked === undefined) return undefined;
    const request = requestOf(asked, String(this.#submitted.length));
    this.#submitted.push(request);
    return request;
  }

  /** Submits its requests, and waits until the replies may leave. */
  async submitTo(engine: Engine): Promise<this> {
    engine.watch(this.client, (request, answer) => {
      const asked = this.#requests[Number(request.id && textOf(request.id))];
      if (asked) this.#onAnswer(asked, answer);
    });
    await engine.queue.submit(this.queued);
    this.isDone = true;
    this.#forgetBytes();
    return this;
  }

  /** Overwrites the bytes of its requests, as the next read into the same buffer would. */
  #forgetBytes(): void {
    for (const request of this.#submitted) {
      request.id?.bytes.fill(0);
      if ("key" in request) request.key.bytes.fill(0);
      if ("value" in request) request.value.bytes.fill(0);
    }
  }
}

/** A server over a disk after its recovery. */
export interface Life {
  readonly table: HashTable;
  readonly storage: DurableStorage;
  readonly recovery: Recovery;
  readonly syncFailures: unknown[];
}

/** Recovers the table of a disk, and opens a storage for it. */
export async function startOn(
  files: Files,
  { entries, fsync = "always", log = silentLog, onSyncFailure = () => {} }: {
    entries?: number;
    fsync?: FsyncPolicy;
    log?: Log;
    onSyncFailure?: (error: unknown) => void;
  } = {},
): Promise<Life> {
  const table = new HashTable();
  const recovery = await recover(files, table);
  const syncFailures: unknown[] = [];
  const storage = new DurableStorage({
    files,
    table,
    recovery,
    fsync,
    compact: { entries, bytes: undefined },
    log,
    onSyncFailure(error) {
      syncFailures.push(error);
      onSyncFailure(error);
    },
  });
  return { table, storage, recovery, syncFailures };
}

/** The pairs of a table, sorted by key. */
export function pairsOf(table: HashTable): [string, string][] {
  return sorted(pairsInSlotsOf(table));
}

/** The pairs after the first changes of a history, sorted by key. */
export function pairsAfter(
  history: readonly (Change | TextChange)[],
  count: number,
): [string, string][] {
  const pairs = new Map<string, string>();
  for (const change of history.slice(0, count).map(withTexts)) {
    if (change.method === "insert") pairs.set(change.key, change.value);
    else pairs.delete(change.key);
  }
  return sorted(pairs);
}

function withTexts(change: Change | TextChange): TextChange {
  return isText(change) ? change : textsOfChange(change);
}

function isText(change: Change | TextChange): change is TextChange {
  return typeof change.key === "string";
}

/** Sorts pairs by key. */
export function sorted(pairs: ReadonlyMap<string, string>): [string, string][] {
  return [...pairs].sort(([a], [b]) => a < b ? -1 : 1);
}
