/**
 * Crashes a server before, during and after every operation on its disk, by a kill and by power failures of
 * many kinds. Proves I2 to I4: recovery returns the table of a prefix of the history with every change that
 * a reply has shown, and the server continues on it. Recovery is crashed in the same way. Set `SEED` to
 * repeat a run.
 */
import assert from "assert";
import { DamageError } from "../../lib/storage/recovery/recovery.ts";
import {
  Engine,
  type History,
  type Life,
  ListedClient,
  pairsAfter,
  pairsOf,
  recordingStorage,
  startOn,
  type TextRequest,
} from "../engine/durable_engine.ts";
import { isLong } from "../helpers/long.ts";
import { type Random, randomFrom, seedFor } from "../../bench/harness/random.ts";
import { ioError, nextRound, noSpace, SimulatedDisk } from "./simulated/simulated_disk.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";

const ROUNDS = 24;
const KEYS = 5;

/** Changes in the log before a checkpoint. */
const ENTRIES = 6;

/** Crashes of a point: 0 is a kill, the others are power failures. */
const CRASHES = [0, 1, 2];

/** The crashes to try at a point: all of them in the long form, else one. */
function crashesAt(point: number): readonly number[] {
  return isLong ? CRASHES : [point % CRASHES.length];
}

/** The disk and the knowledge of the clients at one moment. */
interface Point {
  readonly where: string;
  readonly disk: SimulatedDisk;
  /** Number of the last change that a reply has shown. */
  readonly shown: number;
  /** All changes until then. */
  readonly history: Readonly<History>;
}

/** The conditions of a workload. */
interface Conditions {
  /** Whether syncs seem slow, so that they run in the background. */
  readonly hasSlowSyncs?: boolean;
  /** Whether a write of the log, by its number, fails because the disk is full. */
  readonly isFullAt?: (write: number) => boolean;
  /** Whether one of three removals and renames of logs fails. */
  readonly failsCleanup?: boolean;
}

/** Runs a workload, and returns every point at which it could have crashed. */
async function runWorkload(random: Random, conditions: Conditions): Promise<Point[]> {
  const disk = new SimulatedDisk();
  const history: History = [];
  const points: Point[] = [];
  let shown = 0;
  disk.watch = (moment, { number, kind, name }) => {
    const where = `${moment} operation ${number}, ${kind} ${name}`;
    points.push({ where, disk: disk.killed(), shown, history: [...history] });
  };
  const { storage, table } = await startOn(disk, { entries: ENTRIES });
  const engine = new Engine(recordingStorage(storage, history), table);
  if (conditions.hasSlowSyncs) disk.syncRounds = () => 1 + random.below(5);
  let writes = 0;
  disk.plan = ({ kind, name }) => {
    if (kind === "write" && name.startsWith("table.txn") && conditions.isFullAt?.(++writes)) {
      return { error: noSpace(), taken: random.below(11) / 10 };
    }
    const isCleanup = kind === "remove" || (kind === "rename" && name.startsWith("table.txn"));
    if (isCleanup && conditions.failsCleanup && random.below(3) === 0) return { error: ioError() };
    return undefined;
  };
  const submitted: Promise<unknown>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let client = 0; client <= random.below(3); client++) {
      submitted.push(submit(engine, history, random, (last) => shown = Math.max(shown, last)));
    }
    if (random.below(3) === 0) await Promise.all(submitted);
    else await nextRound();
  }
  await Promise.all(submitted);
  await storage.checkpointing;
  await storage.close();
  assert.equal(disk.openFiles, 0, "a file is open");
  return points;
}

/** Submits requests of one client; `onReplies` gets the last change that its replies show. */
async function submit(
  engine: Engine,
  history: History,
  random: Random,
  onReplies: (lastShown: number) => void,
): Promise<void> {
  const requests = Array.from({ length: 1 + random.below(3) }, () => anyRequest(random));
  const shownSeqs: number[] = [];
  let at = 0;
  const client = new ListedClient(requests, (request, { outcome, line }) => {
    const number = line.match(/"id":(\d+)/)?.[1] ?? at++;
    shownSeqs[Number(number)] = outcome === "StorageError"
      ? 0
      : "key" in request
      ? 1 + history.findLastIndex(({ key }) => key === request.key)
      : history.length;
  });
  await client.submitTo(engine);
  onReplies(Math.max(...shownSeqs));
}

let lastValue = 0;

function anyRequest(random: Random): TextRequest {
  const key = `k${random.below(KEYS)}`;
  switch (random.below(8)) {
    case 0:
      return { method: "lookup", key };
    case 1:
      return { method: "size" };
    case 2:
    case 3:
      return { method: "remove", key };
    default:
      return {
        method: "insert",
        key,
        value: JSON.stringify(`${++lastValue} ${"x".repeat(random.below(60))}`),
      };
  }
}

/** Recovers, and proves that the table is the result of a prefix of the history. */
async function recoverValid(disk: SimulatedDisk, { shown, history }: Point): Promise<Life> {
  const life = await startOn(disk, { entries: ENTRIES });
  const { lastSeq } = life.recovery;
  assert.ok(lastSeq >= shown, `change ${shown} was shown, and only ${lastSeq} came back`);
  assert.ok(lastSeq <= history.length, `change ${lastSeq} came back, of ${history.length}`);
  assert.deepEqual(pairsOf(life.table), pairsAfter(history, lastSeq), "not the table of a prefix");
  return life;
}

/** Continues after a recovery through a checkpoint, and crashes and recovers once more. */
async function continueAfter(disk: SimulatedDisk, point: Point, seed: number): Promise<void> {
  const { recovery, storage, table } = await recoverValid(disk, point);
  const history: History = point.history.slice(0, recovery.lastSeq);
  const points: Point[] = [];
  let shown = recovery.lastSeq;
  disk.watch = (_moment, { number }) => {
    const where = `at operation ${number} after it`;
    points.push({ where, disk: disk.killed(), shown, history: [...history] });
  };
  const engine = new Engine(recordingStorage(storage, history), table);
  for (let value = 0; value < ENTRIES; value++) {
    const insert: TextRequest = { method: "insert", key: `k${value % KEYS}`, value: `${value}` };
    const { words } = await new ListedClient([insert]).submitTo(engine);
    assert.deepEqual(words, [null]);
    shown = history.length;
  }
  await storage.checkpointing;
  await storage.close();
  assert.equal(disk.openFiles, 0, "a file is open");
  const strays = disk.names.filter((name) => !/^table\.(ckpt|txn|torn\.[12])$/.test(name));
  assert.deepEqual(strays, [], "files were left");
  const random = randomFrom(seed);
  const crash = points[random.below(points.length)] ?? point;
  const left = random.below(2) === 0 ? crash.disk : crash.disk.crashed(seed);
  await (await recoverValid(left, crash)).storage.close();
  await (await recoverValid(disk.crashed(seed), { ...crash, shown, history })).storage.close();
}

/** Crashes at each of the points in all ways; returns the number of recoveries. */
async function crashAtAll(points: readonly Point[], seed: number): Promise<number> {
  let recoveries = 0;
  for (const [number, point] of points.entries()) {
    for (const failure of crashesAt(number)) {
      const crashSeed = seed * 10_000 + number * 10 + failure;
      const disk = failure === 0 ? point.disk.killed() : point.disk.crashed(crashSeed);
      try {
        recoveries += await crashRecovery(disk, point, crashSeed);
        await continueAfter(disk, point, crashSeed);
        recoveries += 3;
      } catch (error) {
        const how = failure === 0 ? "kill" : `power failure ${crashSeed}`;
        const why = error instanceof DamageError ? `refused: ${error.message}` : error;
        throw new Error(`${how} ${point.where}: ${why}`, { cause: error });
      }
    }
  }
  return recoveries;
}

/** Crashes the recovery of a disk at one of its operations, and recovers after that; returns the recoveries. */
async function crashRecovery(
  disk: SimulatedDisk,
  point: Point,
  seed: number,
): Promise<number> {
  const random = randomFrom(seed);
  const first = disk.killed();
  const states: SimulatedDisk[] = [];
  first.watch = () => states.push(first.killed());
  const life = await recoverValid(first, point);
  const shown = life.recovery.lastSeq; // a client may have looked it up by now
  await life.storage.checkpointing;
  await life.storage.close();
  const state = states[random.below(states.length)];
  if (state === undefined) return 1;
  const left = random.below(2) === 0 ? state : state.crashed(seed);
  await (await recoverValid(left, point)).storage.close();
  await (await recoverValid(first.crashed(seed), { ...point, shown })).storage.close();
  return 3;
}

const CONDITIONS: Readonly<Record<string, Conditions>> = {
  "with quick syncs": {},
  "with slow syncs": { hasSlowSyncs: true },
  "with a disk that is full at times": { isFullAt: (write) => write % 5 === 3 },
  "with a full disk and slow syncs": { isFullAt: (write) => write % 7 === 3, hasSlowSyncs: true },
  "with removals of logs that fail": { failsCleanup: true },
};

for (const [name, conditions] of Object.entries(CONDITIONS)) {
  Deno.test(`crash points: no change that a reply has shown is lost at any of them, ${name}`, async () => {
    const seed = seedFor(`crash points ${name}`);
    const points = await (async () => {
      using _clock = conditions.hasSlowSyncs ? stoppedClock(1.2) : undefined;
      return await runWorkload(randomFrom(seed), conditions);
    })();
    const recoveries = await crashAtAll(points, seed);
    console.log(`crash points ${name}: ${points.length} points, ${recoveries} recoveries`);
  });
}
