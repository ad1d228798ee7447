/** What clients of a simulated cluster saw, and whether that was right. */
import assert from "assert";
import type { SimCluster } from "./sim_cluster.ts";
import { type End, TestCommand } from "./store_commands.ts";
import type { Store } from "../../../lib/store/store.ts";
import { REMOVE } from "../../../lib/store/scripts.ts";

/** The only key of each bucket, so that the writes of a bucket are its history. */
const FIELD = "key";

type Method = "insert" | "lookup" | "remove";

/** An operation: its interval, and how it ended. */
interface Operation {
  readonly method: Method;
  readonly bucket: number;
  /** Names its write. */
  readonly write: string;
  readonly command: TestCommand;
  readonly store: Store;
  readonly beginMs: number;
  endMs: number;
  end: End | undefined;
}

/** Clients that execute operations, and remember them. */
export class SimClients {
  readonly operations: Operation[] = [];
  readonly #cluster: SimCluster;
  readonly #buckets: readonly number[];
  isStopping = false;

  constructor(cluster: SimCluster, buckets: readonly number[]) {
    this.#cluster = cluster;
    this.#buckets = buckets;
  }

  /** One client: one operation after the other, until `isStopping`. */
  async run(store: Store): Promise<void> {
    const { random, clock } = this.#cluster;
    while (!this.isStopping) {
      const bucket = this.#buckets[random.below(this.#buckets.length)] ?? 0;
      const method =
        (["insert", "insert", "lookup", "lookup", "remove"] as const)[random.below(5)] ??
          "lookup";
      const operation = this.#operation(store, method, bucket);
      this.operations.push(operation);
      store.execute(operation.command);
      operation.end = await operation.command.ended;
      operation.endMs = clock.now();
      await clock.sleep(1 + random.below(40));
    }
  }

  #operation(store: Store, method: Method, bucket: number): Operation {
    const write = String(1_000_000 + this.operations.length);
    const key = this.#cluster.keys.text(bucket);
    const command = method === "insert"
      ? new TestCommand(bucket, "write", ["HSET", key, FIELD, write])
      : method === "lookup"
      ? new TestCommand(bucket, "read", ["HGET", key, FIELD])
      : new TestCommand(bucket, "conditional write", [
        "EVALSHA",
        REMOVE.sha,
        "1",
        key,
        FIELD,
        write,
      ]);
    const beginMs = this.#cluster.clock.now();
    return { store, method, bucket, write, command, beginMs, endMs: Infinity, end: undefined };
  }

  /** How many operations ended in which way. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { method, end } of this.operations) {
      const name = `${method} ${end?.end}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  /**
   * Checks all operations against the writes that have survived.
   *
   * @param isFenced whether also reads count
   */
  check(isFenced: boolean): void {
    for (const operation of this.operations) {
      const { command, end, write, method } = operation;
      const executed = this.#cluster.executed.get(write) ?? 0;
      const what = `${method} ${write} in bucket ${operation.bucket} (${JSON.stringify(end)})`;
      assert.equal(command.ends, 1, `${what} ended ${command.ends} times`);
      assert(executed <= 1, `${what} was executed ${executed} times`);
      if (end?.end === "failed") assert.equal(executed, 0, `${what} was executed`);
      if (end?.end === "lost") assert.notEqual(method, "lookup", `${what}: a read is never lost`);
      if (end?.end === "lost") this.#checkLost(operation, what);
      if (end?.end === "done") this.#checkDone(operation, what, isFenced);
    }
  }

  /** A lost write was executed before the writes that its store took afterwards, or never. */
  #checkLost({ store, bucket, write, endMs }: Operation, what: string): void {
    const writes = this.#cluster.writesOf(bucket);
    const late = writes.slice(0, Math.max(0, writes.indexOf(write))).map((one) => this.#of(one))
      .find((earlier) => earlier?.store === store && earlier.beginMs > endMs);
    assert.equal(late?.write, undefined, `${what} was executed after a later write`);
  }

  #checkDone(operation: Operation, what: string, isFenced: boolean): void {
    const { method, write, bucket, end } = operation;
    const writes = this.#cluster.writesOf(bucket);
    const value = end?.end === "done" ? end.value : null;
    const isWritten = method === "insert" || method === "remove" && value !== null;
    assert.equal(writes.includes(write), isWritten, `${what} has not survived`);
    if (method === "insert" || method === "lookup" && !isFenced) return;
    // A remove has seen the state before its own write.
    const before = isWritten ? writes.slice(0, writes.indexOf(write)) : writes;
    if (value !== null) {
      const seen = before.indexOf(String(value));
      assert(seen >= 0, `${what} saw a write that is gone`);
      if (isWritten) assert.equal(seen, before.length - 1, `${what} saw an old value`);
      else this.#checkSeen(seen, operation, what);
      return;
    }
    // Nil: it saw the state after a removal, or before the first write. One of them must be possible.
    const nils = [-1, ...writes.keys()].filter((at) =>
      at < 0 || this.#of(writes[at])?.method === "remove"
    );
    const errors = nils.map((at) => this.#whyNot(at, operation));
    assert(errors.includes(undefined), `${what} saw nothing: ${errors.at(-1)}`);
  }

  #checkSeen(seen: number, operation: Operation, what: string): void {
    assert.equal(this.#whyNot(seen, operation), undefined, what);
  }

  /** Why an operation cannot have seen the state after a write; undefined: it can. */
  #whyNot(seen: number, operation: Operation): string | undefined {
    const writes = this.#cluster.writesOf(operation.bucket);
    const own = this.#of(writes[seen]);
    if (own !== undefined && own.beginMs > operation.endMs) return "that write began later";
    const later = writes.slice(seen + 1).map((write) => this.#of(write));
    const missed = later.find((one) => one?.end?.end === "done" && one.endMs < operation.beginMs);
    return missed && `${missed.method} ${missed.write} was done before`;
  }

  #of(write: string | undefined): Operation | undefined {
    return this.operations[Number(write) - 1_000_000];
  }
}
