/**
 * Proves what storage says is durable, that checkpoints fail without harm, and that a failed sync is
 * told to who ends the process (I3, I6).
 */
import assert from "assert";
import { silentLog } from "../../lib/base/log.ts";
import { LOG } from "../../lib/storage/folder/file_names.ts";
import { WriteError } from "../../lib/storage/storage.ts";
import {
  type Asked,
  Engine,
  type Life,
  ListedClient,
  pairsOf,
  startOn,
} from "../engine/durable_engine.ts";
import { insertOf } from "./changes.ts";
import { insertText } from "../helpers/table_texts.ts";
import { ioError, noSpace, SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { nextRound } from "../crash/simulated/event_loop.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test(`durable_storage: ${name}`, fn);
}

/** Makes one change to the table and the storage. */
function insert({ storage, table }: Life, key: string, value: string): number {
  insertText(table, key, value);
  const seq = storage.append(insertOf(key, value));
  storage.write();
  return seq;
}

/** What a start on a disk finds. */
async function found(disk: SimulatedDisk): Promise<[string, string][]> {
  const life = await startOn(disk);
  await life.storage.checkpointing;
  await life.storage.close();
  return pairsOf(life.table);
}

test("durable is what a sync covers that was written before it began", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk);
  const { storage } = life;
  insert(life, "a", "1");
  assert.deepEqual([storage.writtenSeq, storage.durableSeq], [1, 0]);
  disk.holdSyncs();
  const synced = storage.sync();
  insert(life, "b", "2");
  disk.releaseSyncs();
  await synced;
  assert.deepEqual([storage.writtenSeq, storage.durableSeq], [2, 1]);
  storage.syncNow();
  assert.equal(storage.durableSeq, 2);
  await storage.close();
});

test("with interval and never, durable is what is written", async () => {
  for (const fsync of ["interval", "never"] as const) {
    const disk = new SimulatedDisk();
    const life = await startOn(disk, { fsync });
    insert(life, "a", "1");
    assert.equal(life.storage.durableSeq, 1);
    await life.storage.close();
    assert.deepEqual(await found(disk.crashed(1)), [["a", "1"]], "a good end forces all to disk");
  }
});

test("a checkpoint under interval and never syncs the log before it counts (I3)", async () => {
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
        const [[, value] = []] = await found(state.crashed(seed));
        assert.ok(Number(value) >= 3, "no power failure goes back behind it");
      }
    }
  }
});

test("what a checkpoint's walk saw is on disk in the log before the checkpoint counts", async () => {
  using _clock = stoppedClock(2); // so that each slice has few keys
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 100 });
  const { storage } = life;
  const seen = Promise.withResolvers<void>();
  let lastSeq = 0;
  const durableAtRename: number[] = [];
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && kind === "write" && name === "table.ckpt.new") seen.resolve();
    // By now the walk is over; whoever waits for a sync of the log gets it a little later.
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

test("a sync of the old log that ends after a new one was begun tells of the old one only (I2, I3)", async () => {
  const { disk, storage, old, life } = await withCheckpointDuringSync();
  assert.equal(storage.durableSeq, 3, "the old log was synced before the new one was taken");
  await provesDurable(disk, storage);
  insert(life, "d", "4");
  disk.releaseSyncs();
  await old;
  assert.equal(storage.durableSeq, 3, "what is in the new log was not synced");
  await provesDurable(disk, storage);
  await storage.sync();
  assert.equal(storage.durableSeq, 4);
  await provesDurable(disk, storage);
  await storage.checkpointing;
  await provesDurable(disk, storage);
  assert.deepEqual(disk.names, ["table.ckpt", LOG]);
  await storage.close();
  assert.equal(disk.openFiles, 0);
});

test("a sync of the new log does not wait for one of the old log, which tells of nothing then", async () => {
  const { disk, storage, old, life } = await withCheckpointDuringSync();
  insert(life, "d", "4");
  await storage.sync();
  assert.equal(storage.durableSeq, 4);
  await provesDurable(disk, storage);
  insert(life, "e", "5");
  disk.releaseSyncs();
  await old;
  assert.equal(storage.durableSeq, 4, "neither back nor on");
  await provesDurable(disk, storage);
  await storage.sync();
  await storage.checkpointing;
  await storage.close();
});

test("a sync of the old log that fails after a new one was begun is told (I6)", async () => {
  const { disk, storage, old, life } = await withCheckpointDuringSync();
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

/** Begins a checkpoint while a sync of the first change is under way, and waits for its new log. */
async function withCheckpointDuringSync() {
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
  insert(life, "c", "3"); // now the log is over-long
  await hasNewLog.promise;
  return { disk, life, storage, old };
}

/** Proves that no power failure goes back behind what storage says is durable. */
async function provesDurable(disk: SimulatedDisk, { durableSeq }: Life["storage"]): Promise<void> {
  for (let seed = 0; seed < 50; seed++) {
    const { recovery, storage } = await startOn(disk.crashed(seed));
    assert.ok(recovery.lastSeq >= durableSeq, `${recovery.lastSeq} of ${durableSeq}, ${seed}`);
    await storage.checkpointing;
    await storage.close();
  }
}

test("a failed sync is told, whoever asked for it", async () => {
  for (const how of ["now", "background"]) {
    const disk = new SimulatedDisk();
    const life = await startOn(disk);
    insert(life, "a", "1");
    disk.plan = ({ kind }) => kind === "sync" ? { error: ioError() } : undefined;
    if (how === "now") assert.throws(() => life.storage.syncNow(), /Input\/output/);
    else await assert.rejects(life.storage.sync(), /Input\/output/);
    assert.equal(life.syncFailures.length, 1);
    assert.equal(life.storage.durableSeq, 0);
    disk.plan = () => undefined;
    await life.storage.close();
  }
});

test("a failed sync is told also when it is that of a failed write's cut", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk);
  insert(life, "a", "1");
  disk.plan = ({ kind }) =>
    kind === "write" || kind === "sync" ? { error: ioError(), taken: 0.5 } : undefined;
  const before = disk.operations;
  life.storage.append(insertOf("b", "2"));
  assert.throws(() => life.storage.write());
  const hasSynced = disk.operations > before + 2;
  assert.equal(life.syncFailures.length, hasSynced ? 1 : 0, "a second try might lie");
  disk.plan = () => undefined;
  await life.storage.close();
});

test("after a failed batch the next change has its number", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk);
  insert(life, "a", "1");
  disk.plan = ({ kind }) => kind === "write" ? { error: noSpace(), taken: 0.7 } : undefined;
  life.storage.append(insertOf("b", "2"));
  life.storage.append(insertOf("c", "3"));
  assert.throws(() => life.storage.write(), WriteError);
  assert.equal(life.storage.writtenSeq, 1);
  disk.plan = () => undefined;
  assert.equal(insert(life, "d", "4"), 2);
  await life.storage.close();
  assert.deepEqual(await found(disk), [["a", "1"], ["d", "4"]]);
});

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
  test(`a checkpoint that fails at ${kind} ${name} (${nth}) does no harm, and the next one tidies up`, async () => {
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
      assert.deepEqual(await found(disk.killed()), expected);
      assert.deepEqual(await found(disk.crashed(value)), expected);
    }
    assert.ok(times >= nth);
    assert.equal(life.syncFailures.length, 0);
    await life.storage.checkpointing;
    await life.storage.close();
    assert.deepEqual(disk.names, ["table.ckpt", "table.txn"]);
    assert.equal(disk.openFiles, 0);
  });
}

test("what a checkpoint replaces is freed bit by bit, once all is durable (I3)", async () => {
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

test("checkpoints that fail for long leave no heap of files", async () => {
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

test("a checkpoint holds each key that a failed turn has removed and undone meanwhile", async () => {
  const disk = new SimulatedDisk();
  const { storage, table } = await startOn(disk, { entries: 100 });
  const engine = new Engine(storage, table);
  const keys = Array.from({ length: 100 }, (_, key) => `k${key}`);
  const value = JSON.stringify("v".repeat(100_000));
  const begun = Promise.withResolvers<void>();
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && kind === "write" && name === "table.ckpt.new") begun.resolve();
  };
  await inOneTurn(engine, keys.map((key) => ({ method: "insert", key, value })));
  await begun.promise; // the first of several slices
  disk.plan = ({ kind, name }) =>
    kind === "write" && name.startsWith(LOG) ? { error: noSpace() } : undefined;
  const words = await inOneTurn(engine, keys.map((key) => ({ method: "remove", key })));
  assert.deepEqual(new Set(words), new Set(["StorageError"]));
  disk.plan = () => undefined;
  await storage.checkpointing;
  await storage.close();
  assert.deepEqual(disk.names, ["table.ckpt", LOG]);
  assert.deepEqual((await found(disk)).map(([key]) => key), keys.toSorted());
});

/** Executes all requests before the event loop goes on. */
async function inOneTurn(engine: Engine, requests: readonly Asked[]): Promise<unknown[]> {
  const client = new ListedClient(requests);
  const done = client.submitTo(engine);
  {
    using _clock = stoppedClock();
    await Promise.resolve();
  }
  await done;
  return client.words;
}

test("closing gives up a checkpoint, and the next start finishes one", async () => {
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

test("a log that could not be cut is not left behind with changes that were not made", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 4 });
  const { storage } = life;
  for (let value = 1; value <= 4; value++) insert(life, "a", String(value));
  // The checkpoint has been begun; before it changes to a new log, a write fails half way.
  disk.plan = ({ kind, name }) => {
    const fails = name === LOG ? kind === "write" || kind === "truncate" : name.endsWith(".ckpt");
    return fails ? { error: ioError(), taken: 0.7 } : undefined;
  };
  for (const key of ["b", "c", "d"]) storage.append(insertOf(key, "1"));
  let hasEnded = false;
  try {
    storage.write();
  } catch (error) {
    hasEnded = !(error instanceof WriteError); // the process may end: then nobody is told anything
  }
  if (!hasEnded && life.syncFailures.length === 0) {
    assert.deepEqual(
      await found(disk.killed()),
      [["a", "4"]],
      "they were told that it was not made",
    );
    await storage.checkpointing; // it has failed
    disk.plan = () => undefined;
    insert(life, "e", "5");
    storage.syncNow();
    assert.deepEqual(await found(disk.killed()), [["a", "4"], ["e", "5"]]);
  }
  await storage.checkpointing;
  await storage.close();
});

const FAULT = "fault: a log that disappears under a running server";

/** Submits an insert; gives the client, whose reply may have to wait. */
function submitInsert(engine: Engine, key: string): ListedClient {
  const client = new ListedClient([{ method: "insert", key, value: "1" }]);
  client.submitTo(engine).catch((error) => assert.fail(String(error)));
  return client;
}

for (const hasSlowSyncs of [false, true]) {
  Deno.test(`${FAULT}: no change is acknowledged until the table is on disk, ${hasSlowSyncs ? "slow" : "quick"} syncs`, async () => {
    using _clock = hasSlowSyncs ? stoppedClock(1.2) : undefined;
    const disk = new SimulatedDisk();
    const { storage, table } = await startOn(disk);
    const engine = new Engine(storage, table);
    await new ListedClient([{ method: "insert", key: "a", value: "1" }]).submitTo(engine);
    disk.remove(LOG);
    const unnoticed = await new ListedClient([{ method: "insert", key: "b", value: "1" }])
      .submitTo(engine);
    assert.deepEqual(unnoticed.words, [null]);
    disk.holdSyncs((name) => name.startsWith("table.ckpt"));
    storage.checkFiles();
    const clients = [submitInsert(engine, "c"), submitInsert(engine, "d")];
    for (let round = 0; round < 50; round++) await nextRound();
    assert.deepEqual(clients.map(({ isDone }) => isDone), [false, false]);
    const reader = await new ListedClient([{ method: "lookup", key: "a" }]).submitTo(engine);
    assert.deepEqual(reader.words, [1], "reads go on");
    disk.releaseSyncs();
    await storage.checkpointing;
    for (let round = 0; round < 5; round++) await nextRound();
    assert.deepEqual(clients.map(({ words }) => words), [[null], [null]]);
    const pairs = ["a", "b", "c", "d"].map((key) => [key, "1"]);
    for (let seed = 0; seed < 20; seed++) {
      assert.deepEqual(await found(disk.crashed(seed)), pairs);
    }
    await storage.close();
    assert.equal(disk.openFiles, 0);
  });
}

Deno.test(`${FAULT}: changes are refused while the table cannot be written, and taken again then`, async () => {
  const disk = new SimulatedDisk();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const { storage, table } = await startOn(disk, { log });
  const engine = new Engine(storage, table);
  const words = async (request: Asked) =>
    (await new ListedClient([request]).submitTo(engine)).words[0];
  assert.equal(await words({ method: "insert", key: "a", value: "1" }), null);
  disk.remove(LOG);
  disk.plan = ({ kind, name }) =>
    kind === "create" && name === "table.ckpt.new" ? { error: noSpace() } : undefined;
  storage.checkFiles();
  while (!warnings.some((line) => line.startsWith("Trying again"))) await nextRound();
  assert.equal(await words({ method: "insert", key: "b", value: "1" }), "StorageError");
  assert.equal(await words({ method: "lookup", key: "a" }), 1, "reads go on");
  disk.plan = () => undefined;
  await storage.checkpointing; // it tries again after a second
  assert.equal(await words({ method: "insert", key: "b", value: "1" }), null);
  assert.deepEqual(await found(disk.crashed(1)), [["a", "1"], ["b", "1"]]);
  await storage.close();
});

Deno.test(`${FAULT}: a server that cannot write the table at its end says so`, async () => {
  const disk = new SimulatedDisk();
  const { storage, table, syncFailures } = await startOn(disk);
  const engine = new Engine(storage, table);
  await new ListedClient([{ method: "insert", key: "a", value: "1" }]).submitTo(engine);
  disk.remove(LOG);
  disk.plan = ({ kind }) => kind === "create" ? { error: noSpace() } : undefined;
  await storage.close();
  assert.match(String(syncFailures), /'table.txn' was removed .*No space left/);
});
