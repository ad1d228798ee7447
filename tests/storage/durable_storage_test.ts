/** Proves which changes storage reports as durable, and that a failed sync ends the process (I2, I6). */
import assert from "assert";
import { LOG } from "../../lib/storage/folder/file_names.ts";
import { WriteError } from "../../lib/storage/storage.ts";
import { ioError, noSpace, SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import { startOn } from "../engine/durable_engine.ts";
import { insert, insertOf, recoverPairs } from "./changes.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test(`durable_storage: ${name}`, fn);
}

test("a sync makes the changes durable that were written before its start", async () => {
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

test("with interval and never, written changes count as durable", async () => {
  for (const fsync of ["interval", "never"] as const) {
    const disk = new SimulatedDisk();
    const life = await startOn(disk, { fsync });
    insert(life, "a", "1");
    assert.equal(life.storage.durableSeq, 1);
    await life.storage.close();
    assert.deepEqual(
      await recoverPairs(disk.crashed(1)),
      [["a", "1"]],
      "a normal end must force all to disk",
    );
  }
});

test("a failed sync ends the process, inline and in the background", async () => {
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

test("a failed sync behind the cut of a failed write ends the process", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk);
  insert(life, "a", "1");
  disk.plan = ({ kind }) =>
    kind === "write" || kind === "sync" ? { error: ioError(), taken: 0.5 } : undefined;
  const before = disk.operations;
  life.storage.append(insertOf("b", "2"));
  assert.throws(() => life.storage.write());
  const hasSynced = disk.operations > before + 2;
  assert.equal(
    life.syncFailures.length,
    hasSynced ? 1 : 0,
    "a second sync could report a false success",
  );
  disk.plan = () => undefined;
  await life.storage.close();
});

test("after a failed batch, the next change gets its number", async () => {
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
  assert.deepEqual(await recoverPairs(disk), [["a", "1"], ["d", "4"]]);
});

test("a log that could not be cut holds no failed changes after a restart", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 4 });
  const { storage } = life;
  for (let value = 1; value <= 4; value++) insert(life, "a", String(value));
  // A checkpoint has started. Before it switches to its new log, half of a write fails.
  disk.plan = ({ kind, name }) => {
    const fails = name === LOG ? kind === "write" || kind === "truncate" : name.endsWith(".ckpt");
    return fails ? { error: ioError(), taken: 0.7 } : undefined;
  };
  for (const key of ["b", "c", "d"]) storage.append(insertOf(key, "1"));
  let hasEnded = false;
  try {
    storage.write();
  } catch (error) {
    hasEnded = !(error instanceof WriteError); // the process may end: then there is no reply
  }
  if (!hasEnded && life.syncFailures.length === 0) {
    assert.deepEqual(
      await recoverPairs(disk.killed()),
      [["a", "4"]],
      "a change is there that was reported as failed",
    );
    await storage.checkpointing; // it has failed
    disk.plan = () => undefined;
    insert(life, "e", "5");
    storage.syncNow();
    assert.deepEqual(await recoverPairs(disk.killed()), [["a", "4"], ["e", "5"]]);
  }
  await storage.checkpointing;
  await storage.close();
});
