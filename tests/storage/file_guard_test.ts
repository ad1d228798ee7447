/** Proves that no change is acknowledged while a file of the table is missing (I2). */
import assert from "assert";
import { silentLog } from "../../lib/base/log.ts";
import { LOG } from "../../lib/storage/folder/file_names.ts";
import { nextRound, noSpace, SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import { Engine, ListedClient, startOn, type TextRequest } from "../engine/durable_engine.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { recoverPairs } from "./changes.ts";

const FAULT = "fault: a log that disappears under a running server";

/** Submits an insert without waiting for its reply. */
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
    assert.deepEqual(reader.words, [1], "lookups must work");
    disk.releaseSyncs();
    await storage.checkpointing;
    for (let round = 0; round < 5; round++) await nextRound();
    assert.deepEqual(clients.map(({ words }) => words), [[null], [null]]);
    const pairs = ["a", "b", "c", "d"].map((key) => [key, "1"]);
    for (let seed = 0; seed < 20; seed++) {
      assert.deepEqual(await recoverPairs(disk.crashed(seed)), pairs);
    }
    await storage.close();
    assert.equal(disk.openFiles, 0);
  });
}

Deno.test(`${FAULT}: changes fail while the table cannot be written, and succeed after that`, async () => {
  const disk = new SimulatedDisk();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const { storage, table } = await startOn(disk, { log });
  const engine = new Engine(storage, table);
  const words = async (request: TextRequest) =>
    (await new ListedClient([request]).submitTo(engine)).words[0];
  assert.equal(await words({ method: "insert", key: "a", value: "1" }), null);
  disk.remove(LOG);
  disk.plan = ({ kind, name }) =>
    kind === "create" && name === "table.ckpt.new" ? { error: noSpace() } : undefined;
  storage.checkFiles();
  while (!warnings.some((line) => line.startsWith("Trying again"))) await nextRound();
  assert.equal(await words({ method: "insert", key: "b", value: "1" }), "StorageError");
  assert.equal(await words({ method: "lookup", key: "a" }), 1, "lookups must work");
  disk.plan = () => undefined;
  await storage.checkpointing; // it tries again after a second
  assert.equal(await words({ method: "insert", key: "b", value: "1" }), null);
  assert.deepEqual(await recoverPairs(disk.crashed(1)), [["a", "1"], ["b", "1"]]);
  await storage.close();
});

Deno.test(`${FAULT}: a server that cannot write the table at its end reports it`, async () => {
  const disk = new SimulatedDisk();
  const { storage, table, syncFailures } = await startOn(disk);
  const engine = new Engine(storage, table);
  await new ListedClient([{ method: "insert", key: "a", value: "1" }]).submitTo(engine);
  disk.remove(LOG);
  disk.plan = ({ kind }) => kind === "create" ? { error: noSpace() } : undefined;
  await storage.close();
  assert.match(String(syncFailures), /'table.txn' was removed .*No space left/);
});
