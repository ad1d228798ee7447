/**
 * Crashes a repair before, during and after every operation on its disk, by a kill and by power failures of
 * many kinds. Proves that a second repair, or a start, ends with everything that was readable. The second
 * repair is crashed in the same way. Set `SEED` to repeat a run.
 */
import assert from "assert";
import { DamageError, recover } from "../../lib/storage/recovery/recovery.ts";
import { finishRepair, repairFolder } from "../../lib/storage/recovery/repair.ts";
import { readDamagedFolder } from "../../lib/storage/recovery/damaged_folder.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { insertOf, removeOf } from "../storage/changes.ts";
import { pairsOf, startOn } from "../engine/durable_engine.ts";
import { isLong } from "../helpers/long.ts";
import { randomFrom, seedFor } from "../../bench/harness/random.ts";
import { noSpace, SimulatedDisk } from "./simulated/simulated_disk.ts";

/** Crashes at each point: kills and power failures in turn, each with a second crash. */
const CRASHES = isLong ? 60 : 2;

type FilesOf = Record<string, Uint8Array<ArrayBuffer>>;

/** Makes a checkpoint of some keys, the log after it, and a third file: the log of a failed checkpoint. */
async function makeFolder(): Promise<FilesOf> {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 6 });
  const change = (number: number) => {
    const key = `k${number % 7}`;
    life.storage.append(number % 5 === 4 ? removeOf(key) : insertOf(key, `"${number}"`));
    life.storage.write();
    life.storage.syncNow();
  };
  for (let number = 0; number < 6; number++) change(number);
  await life.storage.checkpointing;
  disk.plan = ({ kind, name }) =>
    kind === "create" && name === "table.ckpt.new" ? { error: new Error("no room") } : undefined;
  for (let number = 6; number < 20; number++) change(number);
  await life.storage.checkpointing;
  for (let number = 20; number < 23; number++) change(number);
  await life.storage.close();
  assert.deepEqual(disk.names, ["table.ckpt", "table.txn", "table.txn.1"]);
  return disk.files;
}

/** Changes one byte of a file. */
function damageByte(files: FilesOf, name: string, share = 0.5): FilesOf {
  const bytes = files[name]?.slice() ?? new Uint8Array(0);
  bytes[Math.floor(bytes.length * share)] = 1;
  return { ...files, [name]: bytes };
}

function without(files: FilesOf, ...names: string[]): FilesOf {
  return Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
}

/** Ways to damage a folder. */
const DAMAGES: Readonly<Record<string, (files: FilesOf) => FilesOf>> = {
  "a checkpoint with a bad byte": (files) => damageByte(files, "table.ckpt"),
  "a log with a bad byte": (files) => damageByte(files, "table.txn"),
  "a log without its header": (files) => damageByte(files, "table.txn", 0),
  "a damaged last log": (files) => damageByte(files, "table.txn.1", 0),
  "a missing checkpoint": (files) => without(files, "table.ckpt"),
  "a missing log": (files) => without(files, "table.txn"),
  "no log": (files) => without(files, "table.txn", "table.txn.1"),
  "an empty log": (files) => ({ ...files, "table.txn.1": new Uint8Array(0) }),
  "everything damaged": (files) =>
    damageByte(damageByte(damageByte(files, "table.ckpt"), "table.txn"), "table.txn.1"),
  "a log only, damaged": (files) =>
    damageByte(without(files, "table.ckpt", "table.txn.1"), "table.txn"),
  "files of an earlier repair": (files) => ({
    ...damageByte(files, "table.txn"),
    "damaged.1.table.ckpt": new Uint8Array([1]),
    "damaged.1.table.txn": new Uint8Array([2]),
    "table.ckpt.new": new Uint8Array([3]),
  }),
};

/** Runs `htserver --repair` without its messages. */
async function repair(disk: SimulatedDisk): Promise<void> {
  await finishRepair(disk);
  try {
    const probe = disk.killed(); // a copy
    (await recover(probe, new HashTable())).log.close();
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    await repairFolder(disk, readDamagedFolder(disk, disk.names));
  }
}

/** Runs a repair, and returns the states in which it may be interrupted. */
async function interruptRepair(
  disk: SimulatedDisk,
): Promise<{ where: string; disk: SimulatedDisk }[]> {
  const states: { where: string; disk: SimulatedDisk }[] = [];
  disk.watch = (moment, { number, kind, name }) => {
    states.push({ where: `${moment} operation ${number}, ${kind} ${name}`, disk: disk.killed() });
  };
  await repair(disk);
  disk.watch = () => {};
  assert.equal(disk.openFiles, 0, "a file is open");
  return states;
}

/** The contents of all files of a folder. */
function readContents(disk: SimulatedDisk): Set<string> {
  return new Set(disk.names.map((name) => disk.bytesOf(name).join()));
}

/** Starts, and proves that everything readable is there, and that changes can be made. */
async function assertStarts(disk: SimulatedDisk, wanted: [string, string][]): Promise<void> {
  const life = await startOn(disk);
  assert.deepEqual(pairsOf(life.table), wanted);
  assert.deepEqual(disk.names.filter((name) => /repaired|new$/.test(name)), []);
  life.storage.append(insertOf("later", "1"));
  life.storage.write();
  await life.storage.checkpointing;
  await life.storage.close();
  const again = await startOn(disk.crashed(1));
  assert.deepEqual(pairsOf(again.table).length, wanted.length + 1);
  await again.storage.checkpointing;
  await again.storage.close();
}

for (const [what, damage] of Object.entries(DAMAGES)) {
  Deno.test({
    name: `fault: repair is not safe against a crash: at every operation, ${what}`,
    async fn() {
      const seed = seedFor(`repair points ${what}`);
      const files = damage(await makeFolder());
      const before = SimulatedDisk.of(files);
      const wanted = pairsOf(readDamagedFolder(before, before.names).table);
      const old = ["table.ckpt", "table.txn", "table.txn.1"].flatMap((name) =>
        files[name] ? [files[name].join()] : []
      );
      const states = await interruptRepair(before.killed());
      const random = randomFrom(seed);
      let tried = 0;
      for (const { where, disk } of states) {
        for (let crash = 0; crash < CRASHES; crash++) {
          const crashSeed = random.below(1e9);
          const isKill = crash % 2 === 0;
          const crashed = isKill ? disk.killed() : disk.crashed(crashSeed);
          const how = `${isKill ? "kill" : "power failure"} ${where}, then ${crashSeed}`;
          try {
            // A start reads all of it, or refuses and changes nothing.
            const first = crashed.killed();
            await assertStarts(first, wanted).catch((error) => {
              if (!(error instanceof DamageError)) throw error;
              assert.deepEqual(first.names, crashed.names);
            });
            // A second repair that is interrupted, and a third one.
            const inner = await interruptRepair(crashed.killed());
            const second = inner[random.below(inner.length)]?.disk ?? crashed;
            const third = random.below(2) === 0 ? second.killed() : second.crashed(crashSeed);
            await repair(third);
            const kept = readContents(third);
            for (const bytes of old) assert.ok(kept.has(bytes), "an old file is lost");
            await assertStarts(third.crashed(crashSeed), wanted);
            tried++;
          } catch (error) {
            throw new Error(`${how}: ${error}`, { cause: error });
          }
        }
      }
      console.log(`repair points, ${what}: ${states.length} points, ${tried} second repairs`);
    },
  });
}

Deno.test("fault: repair is not safe against a crash: a failing operation loses nothing", async () => {
  const files = damageByte(await makeFolder(), "table.txn");
  const before = SimulatedDisk.of(files);
  const wanted = pairsOf(readDamagedFolder(before, before.names).table);
  for (let failing = 1, hasFailed = true; hasFailed; failing++) {
    const disk = before.killed();
    hasFailed = false;
    disk.plan = ({ number }) => {
      if (number !== failing) return undefined;
      hasFailed = true;
      return { error: noSpace(), taken: 0.5 };
    };
    await repair(disk).catch((error) => assert.match(String(error), /No space left/));
    assert.equal(disk.openFiles, 0, `operation ${failing}`);
    disk.plan = () => undefined;
    await repair(disk);
    await assertStarts(disk, wanted);
  }
});
