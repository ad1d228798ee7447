/**
 * Moves, replaces or empties the data folder of a running server before each of its system calls, while a
 * second server starts on the same path. Proves that no acknowledged change of either server is lost, and
 * that no file of another program is changed (I10). Set `SEED` to repeat a run.
 */
import assert from "assert";
import { isLong } from "../helpers/long.ts";
import { type Random, randomFrom, seedFor } from "../../bench/harness/random.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { EVENTS, type FolderEvent, FOREIGN } from "./folder_events.ts";
import { ioError, nextRound, type SimulatedDisk } from "./simulated/simulated_disk.ts";
import {
  assertHasAll,
  makeUsedFolder,
  ROUNDS,
  SimulatedServer,
} from "./simulated/simulated_server.ts";

/** Largest number of system calls of one check of the files. */
const CHECK_STEPS = 12;

/** Distance between the tried steps in the short form. */
const SAMPLE_STRIDE = 15;

/** Runs for each step in the long form. */
const LONG_ROUNDS = 3;

/** The test ends after this number of runs in a row that end before the step. Runs differ in length. */
const MISSES = isLong ? 20 : 4;

/** Attempts of the second server to start. */
const STARTS = 60;

/** Counts of a test. */
interface Counts {
  runs: number;
  /** Runs in which the first server ended early. */
  ended: number;
}

/**
 * Runs the servers once, with an event before a step.
 *
 * @returns whether the run had this step
 */
async function runWith(
  event: FolderEvent,
  at: number,
  seed: number,
  counts: Counts,
): Promise<boolean> {
  const random = randomFrom(seed);
  const { folders, first } = await makeUsedFolder(random);
  using _slowSyncs = random.below(2) === 0 ? stoppedClock(1.2) : undefined;
  const second = new SimulatedServer("b", folders);
  let happenedAt = Infinity;
  let checkedAt = 0;
  const killAt = !event.isSeenByCheck && random.below(2) === 0 ? at + random.below(60) : 0;
  let secondRun: Promise<void> | undefined;
  let foreign = 0;
  first.process.onStep = ({ number, call, path, isChecked }) => {
    if (call === "status" && path.endsWith("/table.ckpt")) checkedAt = number;
    const disk = number >= at && happenedAt === Infinity ? first.disk : undefined;
    if (disk && (event.isAnywhere || !isChecked) && (event.isAtStart || first.isServing)) {
      happenedAt = number;
      event.happen(folders, disk, random);
      foreign = countForeignFiles(disk);
      if (event.hasSecond) secondRun = startSecond(second, random);
    }
    if (number === killAt) first.kill();
  };
  try {
    await first.run(ROUNDS, random);
  } catch (error) {
    if (happenedAt === Infinity) throw error;
    // The event prevented the start.
    first.kill(error);
  }
  await secondRun;
  if (happenedAt === Infinity || first.disk === undefined) return false;
  counts.runs++;
  if (first.ended !== undefined) counts.ended++;
  // A server cannot notice an event after its last check, nor one that prevented its start.
  const isUnnoticed = happenedAt > checkedAt - CHECK_STEPS || !first.isServing;
  if (event.isSeenByCheck && isUnnoticed) return true;
  if (event.isSeenByCheck && first.ended === undefined) {
    assert.ok(countForeignFiles(first.disk) >= foreign, "a file of another program was changed");
    assert.equal(first.isRestoring, false, "it ended before the table was on disk");
  }
  assert.deepEqual([first.process.openFiles, second.process.openFiles], [0, 0]);
  for (const server of [first, second]) {
    if (server.disk === undefined) continue;
    const servers = first.disk === second.disk ? [first, second] : [server];
    await assertHasAll(server.disk.killed(), servers);
    await assertHasAll(server.disk.crashed(seed), servers);
  }
  return true;
}

function countForeignFiles(disk: SimulatedDisk): number {
  return disk.names.filter((name) => areEqual(disk.bytesOf(name), FOREIGN)).length;
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Runs the second server, with several attempts to start it. */
async function startSecond(server: SimulatedServer, random: Random): Promise<void> {
  for (let start = 0; start < STARTS; start++) {
    try {
      return await server.run(ROUNDS, random);
    } catch {
      await nextRound(); // refused: the first server holds the folder, or the folder does not exist
    }
  }
}

/** Tries an event before each step, or before a sample of the steps. */
async function tryAll(name: string, event: FolderEvent): Promise<void> {
  const seed = seedFor(`folder events ${name}`);
  const counts: Counts = { runs: 0, ended: 0 };
  const stride = isLong ? 1 : SAMPLE_STRIDE;
  for (let at = 1 + randomFrom(seed).below(stride), misses = 0; misses < MISSES; at += stride) {
    for (let round = 0; round < (isLong ? LONG_ROUNDS : 1); round++) {
      const runSeed = seed + at * LONG_ROUNDS + round;
      try {
        misses = await runWith(event, at, runSeed, counts) ? 0 : misses + 1;
      } catch (error) {
        throw new Error(`before step ${at}, seed ${runSeed}: ${error}`, { cause: error });
      }
    }
  }
  assert.ok(counts.runs > 5, "too few runs");
  console.log(`folder events ${name}: ${counts.runs} runs, ${counts.ended} ended early`);
}

for (const [name, event] of Object.entries(EVENTS)) {
  Deno.test(`folder events: no acknowledged change is lost, and no foreign file is changed: ${name}`, () =>
    tryAll(name, event));
}

/** Wrong results of a listing. */
const LISTINGS: Readonly<Record<string, (names: string[]) => string[]>> = {
  "fails": () => {
    throw ioError();
  },
  "is empty": () => [],
  "lacks the lock": (names) => names.filter((name) => name !== "lock"),
  "lacks the log": (names) => names.filter((name) => name !== "table.txn"),
  "lacks the checkpoint": (names) => names.filter((name) => name !== "table.ckpt"),
  "ends early": (names) => names.slice(0, 1),
};

for (const [how, listed] of Object.entries(LISTINGS)) {
  Deno.test(`folder events: no acknowledged change is lost: a listing that ${how}`, async () => {
    const seed = seedFor(`folder events listing ${how}`);
    let listings = 0;
    for (let at = 1, isOver = false; !isOver; at++) {
      for (let round = 0; round < 4; round++) {
        const random = randomFrom(seed + at * 10 + round);
        const { first } = await makeUsedFolder(random);
        let number = 0;
        first.process.listed = (names) => ++number === at ? listed(names) : names;
        let isRefused = false;
        await first.run(ROUNDS, random).catch((error) => {
          isRefused = true;
          assert.match(String(error), /lists its files without|Input\/output error/);
        });
        if (isRefused) await first.run(ROUNDS, random); // the next start reads all
        assert.equal(first.ended, undefined);
        assert.ok(first.disk);
        await assertHasAll(first.disk.killed(), [first]);
        await assertHasAll(first.disk.crashed(seed), [first]);
        isOver = number < at;
        if (!isOver) listings++;
      }
    }
    console.log(`folder events listing ${how}: ${listings} listings`);
  });
}
