/** The engine over a simulated disk: what a server is, without its network. */
import { CommandQueue, type RequestSource } from "../../lib/engine/command_queue.ts";
import { Commits } from "../../lib/engine/commits.ts";
import { type Answer, Executor } from "../../lib/engine/executor.ts";
import type { FsyncPolicy } from "../../lib/base/fsync_policy.ts";
import { silentLog } from "../../lib/base/log.ts";
import { DurableStorage } from "../../lib/storage/durable_storage.ts";
import type { Files } from "../../lib/storage/files.ts";
import { recover, type Recovered } from "../../lib/storage/recovery.ts";
import type { Change, Storage } from "../../lib/storage/storage.ts";
import type { Request } from "../../lib/protocol/message.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { contextWith, newClient } from "./command_context.ts";

/** A request as a test writes it down. */
export type Asked = Request extends infer R ? R extends Request ? Omit<R, "id"> : never : never;

/** All changes in their order: number N is at N - 1. Those of a failed write are overwritten. */
export type History = Change[];

/** Notes each change with the number that it gets. */
export function noting(storage: Storage, history: History): Storage {
  return {
    get durability() {
      return storage.durability;
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
      history.push(change);
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

/** Queue, commits and executor over a storage. */
export class Engine {
  readonly table: HashTable;
  readonly commits: Commits;
  readonly queue: CommandQueue;

  constructor(storage: Storage, table: HashTable) {
    this.table = table;
    this.commits = new Commits(storage, table);
    const context = contextWith({ table });
    const executor = new Executor({
      context,
      commits: this.commits,
      maxReplyBytes: 1e8,
      log: silentLog,
    });
    this.queue = new CommandQueue(executor.execute, this.commits);
  }
}

/** A client with a list of requests, each of which has its place in the list as its id. */
export class ListedClient implements RequestSource {
  readonly client;
  readonly answers: Answer[] = [];
  /** Whether all replies may leave. */
  isDone = false;
  readonly #requests: readonly Asked[];
  readonly #answered: (request: Asked, answer: Answer) => void;
  #next = 0;

  /** @param answered told of each answer when it is made, and again when it is made anew */
  constructor(
    requests: readonly Asked[],
    answered: (request: Asked, answer: Answer) => void = () => {},
    client: ReturnType<typeof newClient> = newClient(),
  ) {
    this.#requests = requests;
    this.#answered = answered;
    this.client = client;
  }

  /** The replies as JSON. */
  get replies(): Record<string, unknown>[] {
    return this.answers.map(({ line }) => JSON.parse(line));
  }

  /** The replies as words: results, or the types of failures. */
  get words(): unknown[] {
    return this.replies.map((reply) => reply["status"] === "OK" ? reply["result"] : reply["type"]);
  }

  next(): Request | undefined {
    const asked = this.#requests[this.#next];
    return asked && { ...asked, id: String(this.#next++) };
  }

  answer(answer: Answer): number {
    this.#tell(this.answers.length, answer);
    return this.answers.push(answer) - 1;
  }

  answerAgain(number: number, answer: Answer): void {
    this.#tell(number, answer);
    this.answers[number] = answer;
  }

  /** Puts itself in line. */
  async submitTo({ queue }: Engine): Promise<this> {
    await queue.submit(this);
    this.isDone = true;
    return this;
  }

  #tell(number: number, answer: Answer): void {
    const request = this.#requests[number];
    if (request) this.#answered(request, answer);
  }
}

/** A server over a disk, from its recovery on. */
export interface Life {
  readonly table: HashTable;
  readonly storage: DurableStorage;
  readonly recovered: Recovered;
  readonly syncFailures: unknown[];
}

/** Recovers what is on a disk and goes on with it. */
export async function startOn(
  files: Files,
  { entries, fsync = "always" }: { entries?: number; fsync?: FsyncPolicy } = {},
): Promise<Life> {
  const table = new HashTable();
  const recovered = await recover(files, table);
  const syncFailures: unknown[] = [];
  const storage = new DurableStorage({
    files,
    table,
    recovered,
    fsync,
    compact: { entries, bytes: undefined },
    log: silentLog,
    onSyncFailure: (error) => syncFailures.push(error),
  });
  return { table, storage, recovered, syncFailures };
}

/** The pairs of a table, sorted by key. */
export function pairsOf(table: HashTable): [string, string][] {
  const pairs: [string, string][] = [];
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    const key = table.keyAt(slot);
    if (key !== undefined) pairs.push([key, table.valueAt(slot) ?? ""]);
  }
  return pairs.sort(([a], [b]) => a < b ? -1 : 1);
}

/** The pairs after the first changes of a history, sorted by key. */
export function pairsAfter(history: readonly Change[], count: number): [string, string][] {
  const pairs = new Map<string, string>();
  for (const change of history.slice(0, count)) {
    if (change.method === "insert") pairs.set(change.key, change.value);
    else pairs.delete(change.key);
  }
  return [...pairs].sort(([a], [b]) => a < b ? -1 : 1);
}
