/** Proves that a checkpoint replaces a log without losing a change, and that a failed one loses nothing (I3). */
import assert from "assert";
import { LOG } from "../../lib/storage/folder/file_names.ts";
import { ioError, nextRound, noSpace, SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import {
  Engine,
  type Life,
  ListedClient,
  pairsOf,
  startOn,
  type TextRequest,
} from "../engine/durable_engine.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { insert, recoverPairs } from "./changes.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test(`checkpointer: ${name}`, fn);
}

test("with interval and never, a checkpoint syncs the log first (I3)", async () => {
  for (const fsync of ["interval", "never"] as const) {
    const disk = new SimulatedDisk();
    const life = await startOn(disk, { fsync, entries: 3 });
    const states: SimulatedDisk[] = [];
    disk.watch = (moment, { kind, name }) => {
      if (moment === "after" && kind === "rename" && name.endsWith("ckpt")) {
        states.push(disk.killed());
      }
    };
    for (let value = 1; value <= 4; value++) insert(life, "a", String(value));
    await life.storage.checkpointing;
    await life.storage.close();
    assert.equal(states.length, 1);
    for (let seed = 0; seed < 50; seed++) {
      for (const state of states) {
        const [[, value] = []] = await recoverPairs(state.crashed(seed));
        assert.ok(Number(value) >= 3, "a power failure lost a change of the checkpoint");
      }
    }
  }
});

test("changes that a checkpoint holds are on disk in the log before it replaces the old one", async () => {
  using _clock = stoppedClock(2); // each slice has few keys
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 100 });
  const { storage } = life;
  const seen = Promise.withResolvers<void>();
  let lastSeq = 0;
  const durableAtRename: number[] = [];
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && kind === "write" && name === "table.ckpt.new") seen.resolve();
    // The table is written now, and the log is synced a little later.
    if (moment === "after" && kind === "sync" && name === "table.ckpt.new") {
      setImmediate(() => storage.syncNow());
    }
    if (moment === "before" && kind === "rename" && name.endsWith(".ckpt")) {
      durableAtRename.push(storage.durableSeq);
    }
  };
  for (let key = 0; key < 100; key++) insert(life, `k${key}`, "1");
  await seen.promise; // the first slice
  lastSeq = insert(life, "k99", "2");
  await storage.checkpointing;
  assert.deepEqual(durableAtRename, [lastSeq]);
  await storage.close();
});

test("a sync of the old log that ends after a new one was started covers only the old one (I2, I3)", async () => {
  const { disk, storage, old, life } = await startCheckpointDuringSync();
  assert.equal(storage.durableSeq, 3, "the old log must be synced before the new one is used");
  await assertDurable(disk, storage);
  insert(life, "d", "4");
  disk.releaseSyncs();
  await old;
  assert.equal(storage.durableSeq, 3, "the new log was not synced");
  await assertDurable(disk, storage);
  await storage.sync();
  assert.equal(storage.durableSeq, 4);
  await assertDurable(disk, storage);
  await storage.checkpointing;
  await assertDurable(disk, storage);
  assert.deepEqual(disk.names, ["table.ckpt", LOG]);
  await storage.close();
  assert.equal(disk.openFiles, 0);
});

test("a sync of the new log does not wait for one of the old log, which then changes nothing", async () => {
  const { disk, storage, old, life } = await startCheckpointDuringSync();
  insert(life, "d", "4");
  await storage.sync();
  assert.equal(storage.durableSeq, 4);
  await assertDurable(disk, storage);
  insert(life, "e", "5");
  disk.releaseSyncs();
  await old;
  assert.equal(storage.durableSeq, 4, "it must not change");
  await assertDurable(disk, storage);
  await storage.sync();
  await storage.checkpointing;
  await storage.close();
});

test("a sync of the old log that fails after a new one was started ends the process (I6)", async () => {
  const { disk, storage, old, life } = await startCheckpointDuringSync();
  disk.plan = ({ kind, name }) =>
    kind === "sync" && name === LOG ? { error: ioError() } : undefined;
  disk.releaseSyncs();
  await assert.rejects(old, /Input\/output/);
  assert.equal(life.syncFailures.length, 1);
  disk.plan = () => undefined;
  await storage.sync();
  await storage.checkpointing;
  await storage.close();
});

/** Starts a checkpoint during a sync of the first change, and waits for its new log. */
async function startCheckpointDuringSync() {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 3 });
  const { storage } = life;
  const hasNewLog = Promise.withResolvers<void>();
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && kind === "create" && name === "table.ckpt.new") hasNewLog.resolve();
  };
  disk.holdSyncs((name) => name === LOG);
  insert(life, "a", "1");
  const old = storage.sync();
  insert(life, "b", "2");
  assert.equal(storage.durableSeq, 0);
  insert(life, "c", "3"); // now the log is too long
  await hasNewLog.promise;
  return { disk, life, storage, old };
}

/** Proves that no power failure loses a change up to `durableSeq`. */
async function assertDurable(disk: SimulatedDisk, { durableSeq }: Life["storage"]): Promise<void> {
  for (let seed = 0; seed < 50; seed++) {
    const { recovery, storage } = await startOn(disk.crashed(seed));
    assert.ok(recovery.lastSeq >= durableSeq, `${recovery.lastSeq} of ${durableSeq}, ${seed}`);
    await storage.checkpointing;
    await storage.close();
  }
}

const STEPS = [
  ["create", "table.txn.new"],
  ["write", "table.txn.new"],
  ["sync", "table.txn.new"],
  ["rename", "table.txn.new to table.txn.1"],
  ["syncFolder", ""],
  ["create", "table.ckpt.new"],
  ["write", "table.ckpt.new"],
  ["sync", "table.ckpt.new"],
  ["rename", "table.ckpt.new to table.ckpt"],
  ["syncFolder", "", 2],
  ["syncFolder", "", 3],
  ["rename", "table.txn.1 to table.txn"],
  ["syncFolder", "", 4],
  ["truncate", "table.txn"],
  ["truncate", "table.ckpt", 2],
] as const;

for (const [kind, name, nth = 1] of STEPS) {
  test(`a checkpoint that fails at ${kind} ${name} (${nth}) does no harm, and the next one removes the old logs`, async () => {
    const disk = new SimulatedDisk();
    const life = await startOn(disk, { entries: 5 });
    let times = 0;
    disk.plan = (operation) => {
      if (operation.kind !== kind || operation.name !== name) return undefined;
      return ++times === nth ? { error: ioError(), taken: 0.5 } : undefined;
    };
    for (let value = 0; value < 60; value++) {
      insert(life, `k${value % 7}`, String(value));
      life.storage.syncNow();
      await nextRound();
      const expected = pairsOf(life.table);
      assert.deepEqual(await recoverPairs(disk.killed()), expected);
      assert.deepEqual(await recoverPairs(disk.crashed(value)), expected);
    }
    assert.ok(times >= nth);
    assert.equal(life.syncFailures.length, 0);
    await life.storage.checkpointing;
    await life.storage.close();
    assert.deepEqual(disk.names, ["table.ckpt", "table.txn"]);
    assert.equal(disk.openFiles, 0);
  });
}

test("replaced files are freed in steps, after the checkpoint is durable (I3)", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 3 });
  for (let value = 1; value <= 3; value++) insert(life, "a", String(value));
  await life.storage.checkpointing;
  const steps: string[] = [];
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && !["write", "sync"].includes(kind)) steps.push(`${kind} ${name}`);
  };
  for (let value = 1; value <= 3; value++) insert(life, "b", String(value));
  await life.storage.checkpointing;
  const replaced = steps.indexOf("rename table.ckpt.new to table.ckpt");
  assert.deepEqual(steps.slice(replaced + 1), [
    "syncFolder ",
    "syncFolder ",
    "rename table.txn.1 to table.txn",
    "syncFolder ",
    ...Array(3).fill("truncate table.ckpt"),
    ...Array(3).fill("truncate table.txn"),
  ]);
  await life.storage.close();
  assert.equal(disk.openFiles, 0);
});

test("failing checkpoints do not pile up files", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 5 });
  disk.plan = ({ kind, name }) =>
    kind === "write" && name !== LOG ? { error: noSpace() } : undefined;
  let most = 0;
  for (let value = 0; value < 2_000; value++) {
    insert(life, "a", String(value));
    if (value % 5 === 0) await nextRound();
    most = Math.max(most, disk.names.length);
  }
  assert.ok(most <= 3, `${most} files: ${disk.names}`);
  await life.storage.checkpointing;
  await life.storage.close();
  assert.equal(disk.openFiles, 0);
});

test("a checkpoint holds each key that a failed batch removed and restored during it", async () => {
  const disk = new SimulatedDisk();
  const { storage, table } = await startOn(disk, { entries: 100 });
  const engine = new Engine(storage, table);
  const keys = Array.from({ length: 100 }, (_, key) => `k${key}`);
  const value = JSON.stringify("v".repeat(100_000));
  const started = Promise.withResolvers<void>();
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && kind === "write" && name === "table.ckpt.new") started.resolve();
  };
  await executeInOneBatch(engine, keys.map((key) => ({ method: "insert", key, value })));
  await started.promise; // the first of several slices
  disk.plan = ({ kind, name }) =>
    kind === "write" && name.startsWith(LOG) ? { error: noSpace() } : undefined;
  const words = await executeInOneBatch(engine, keys.map((key) => ({ method: "remove", key })));
  assert.deepEqual(new Set(words), new Set(["StorageError"]));
  disk.plan = () => undefined;
  await storage.checkpointing;
  await storage.close();
  assert.deepEqual(disk.names, ["table.ckpt", LOG]);
  assert.deepEqual((await recoverPairs(disk)).map(([key]) => key), keys.toSorted());
});

/** Executes all requests in one round of the event loop. */
async function executeInOneBatch(
  engine: Engine,
  requests: readonly TextRequest[],
): Promise<unknown[]> {
  const client = new ListedClient(requests);
  const done = client.submitTo(engine);
  {
    using _clock = stoppedClock();
    await Promise.resolve();
  }
  await done;
  return client.words;
}

test("closing aborts a checkpoint, and the next start takes one", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 3 });
  for (let value = 1; value <= 3; value++) insert(life, "a", String(value));
  await life.storage.close();
  const again = await startOn(disk, { entries: 3 });
  await again.storage.checkpointing;
  await again.storage.close();
  assert.deepEqual(pairsOf(again.table), [["a", "3"]]);
  assert.deepEqual(disk.names.filter((name) => name !== "table.ckpt"), [LOG]);
});
