/**
 * Crashes a server before, during and after every operation on its disk, by a kill and by power
 * failures of many kinds, and proves that what comes back is what I2 to I4 promise: the table after
 * some prefix of the history that holds every change which anybody was told of, and a server that
 * goes on. Recovery is crashed in the same way. Set `SEED` to repeat a run.
 */
import assert from "assert";
import { DamageError } from "../../lib/storage/recovery/recovery.ts";
import {
  type Asked,
  Engine,
  type History,
  ListedClient,
  noting,
  pairsAfter,
  pairsOf,
  startOn,
} from "../engine/durable_engine.ts";
import { type Random, randomFrom, seedFor } from "../../bench/harness/random.ts";
import { ioError, noSpace, SimulatedDisk } from "./simulated/simulated_disk.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { nextRound } from "./simulated/event_loop.ts";

const TURNS = 24;
const KEYS = 5;

/** Changes after which the log is compacted. */
const ENTRIES = 6;

/** Power failures that are tried at each point. */
const FAILURES = 2;

/** What the disk and the clients had at one moment. */
interface Point {
  readonly where: string;
  readonly disk: SimulatedDisk;
  /** Number of the last change that anybody was told of. */
  readonly told: number;
  /** All changes that were made until then. */
  readonly history: Readonly<History>;
}

/** What a workload is to meet. */
interface Weather {
  /** Syncs that seem to take so long that they are left to the background. */
  readonly hasSlowSyncs?: boolean;
  /** Writes of the log that find the disk full, half way. */
  readonly isFullAt?: (write: number) => boolean;
  /** Removing and renaming of logs fails now and then. */
  readonly losesTidying?: boolean;
}

/** Runs the workload once, and gives every point at which it could have crashed. */
async function pointsOf(random: Random, weather: Weather): Promise<Point[]> {
  const disk = new SimulatedDisk();
  const history: History = [];
  const points: Point[] = [];
  let told = 0;
  disk.watch = (moment, { number, kind, name }) => {
    const where = `${moment} operation ${number}, ${kind} ${name}`;
    points.push({ where, disk: disk.killed(), told, history: [...history] });
  };
  const { storage, table } = await startOn(disk, { entries: ENTRIES });
  const engine = new Engine(noting(storage, history), table);
  if (weather.hasSlowSyncs) disk.syncRounds = () => 1 + random.below(5);
  let writes = 0;
  disk.plan = ({ kind, name }) => {
    if (kind === "write" && name.startsWith("table.txn") && weather.isFullAt?.(++writes)) {
      return { error: noSpace(), taken: random.below(11) / 10 };
    }
    const isTidying = kind === "remove" || (kind === "rename" && name.startsWith("table.txn"));
    if (isTidying && weather.losesTidying && random.below(3) === 0) return { error: ioError() };
    return undefined;
  };
  const submitted: Promise<unknown>[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    for (let client = 0; client <= random.below(3); client++) {
      submitted.push(submit(engine, history, random, (shown) => told = Math.max(told, shown)));
    }
    if (random.below(3) === 0) await Promise.all(submitted);
    else await nextRound();
  }
  await Promise.all(submitted);
  await storage.checkpointing;
  await storage.close();
  assert.equal(disk.openFiles, 0, "all files are closed");
  return points;
}

/** Submits some requests of one client; `tell` gets what its replies show when it may read them. */
async function submit(
  engine: Engine,
  history: History,
  random: Random,
  tell: (shown: number) => void,
): Promise<void> {
  const requests = Array.from({ length: 1 + random.below(3) }, () => anyRequest(random));
  const shown: number[] = [];
  let at = 0;
  const client = new ListedClient(requests, (request, { outcome, line }) => {
    const isAboutKey = request.method === "lookup" || request.method === "insert" ||
      request.method === "remove";
    const number = line.match(/"id":(\d+)/)?.[1] ?? at++;
    shown[Number(number)] = outcome === "StorageError"
      ? 0
      : isAboutKey
      ? 1 + history.findLastIndex(({ key }) => key === request.key)
      : history.length;
  });
  await client.submitTo(engine);
  tell(Math.max(...shown));
}

let lastValue = 0;

function anyRequest(random: Random): Asked {
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

/** Recovers, and proves that what came back is right; gives the number of the last change. */
async function checked(
  disk: SimulatedDisk,
  { told, history }: Point,
): Promise<Awaited<ReturnType<typeof startOn>>> {
  const life = await startOn(disk, { entries: ENTRIES });
  const { lastSeq } = life.recovery;
  assert.ok(lastSeq >= told, `change ${told} was told of, and only ${lastSeq} came back`);
  assert.ok(lastSeq <= history.length, `change ${lastSeq} came back, of ${history.length}`);
  assert.deepEqual(pairsOf(life.table), pairsAfter(history, lastSeq), "the table of a prefix");
  return life;
}

/** Goes on after a recovery through a checkpoint, and crashes and recovers once more. */
async function goesOn(disk: SimulatedDisk, point: Point, seed: number): Promise<void> {
  const { recovery, storage, table } = await checked(disk, point);
  const history: History = point.history.slice(0, recovery.lastSeq);
  const points: Point[] = [];
  let told = recovery.lastSeq;
  disk.watch = (_moment, { number }) => {
    const where = `at operation ${number} after it`;
    points.push({ where, disk: disk.killed(), told, history: [...history] });
  };
  const engine = new Engine(noting(storage, history), table);
  for (let value = 0; value < ENTRIES; value++) {
    const requests: Asked[] = [{ method: "insert", key: `k${value % KEYS}`, value: `${value}` }];
    const { words } = await new ListedClient(requests).submitTo(engine);
    assert.deepEqual(words, [null]);
    told = history.length;
  }
  await storage.checkpointing;
  await storage.close();
  assert.equal(disk.openFiles, 0, "all files are closed");
  const strays = disk.names.filter((name) => !/^table\.(ckpt|txn|torn\.[12])$/.test(name));
  assert.deepEqual(strays, [], "no files pile up");
  const random = randomFrom(seed);
  const crash = points[random.below(points.length)] ?? point;
  const left = random.below(2) === 0 ? crash.disk : crash.disk.crashed(seed);
  for (
    const [now, then] of [[left, crash], [disk.crashed(seed), { ...crash, told, history }]] as const
  ) {
    const again = await checked(now, then);
    await again.storage.close();
  }
}

/** How a test ends that found no fault: what was tried. */
interface Tried {
  points: number;
  recoveries: number;
}

/** Crashes at each of the points in all ways. */
async function crashAtAll(points: readonly Point[], seed: number): Promise<Tried> {
  const tried: Tried = { points: points.length, recoveries: 0 };
  for (const [number, point] of points.entries()) {
    for (let failure = 0; failure <= FAILURES; failure++) {
      const crashSeed = seed * 10_000 + number * 10 + failure;
      const disk = failure === 0 ? point.disk.killed() : point.disk.crashed(crashSeed);
      try {
        await crashRecovery(disk, point, crashSeed, tried);
        await goesOn(disk, point, crashSeed);
        tried.recoveries += 3;
      } catch (error) {
        const how = failure === 0 ? "kill" : `power failure ${crashSeed}`;
        const why = error instanceof DamageError ? `refused: ${error.message}` : error;
        throw new Error(`${how} ${point.where}: ${why}`, { cause: error });
      }
    }
  }
  return tried;
}

/** Crashes the recovery of a disk at one of its operations, and recovers after that. */
async function crashRecovery(
  disk: SimulatedDisk,
  point: Point,
  seed: number,
  tried: Tried,
): Promise<void> {
  const random = randomFrom(seed);
  const first = disk.killed();
  const states: SimulatedDisk[] = [];
  first.watch = () => states.push(first.killed());
  const life = await checked(first, point);
  const told = life.recovery.lastSeq; // anybody may have looked it up by now
  await life.storage.checkpointing;
  await life.storage.close();
  const state = states[random.below(states.length)];
  if (state === undefined) return;
  const left = random.below(2) === 0 ? state : state.crashed(seed);
  const again = await checked(left, point);
  await again.storage.close();
  tried.recoveries += 2;
  const later = await checked(first.crashed(seed), { ...point, told });
  await later.storage.close();
  tried.recoveries++;
}

const WEATHERS: Readonly<Record<string, Weather>> = {
  "with quick syncs": {},
  "with slow syncs": { hasSlowSyncs: true },
  "with a disk that is full now and then": { isFullAt: (write) => write % 5 === 3 },
  "with a full disk and slow syncs": { isFullAt: (write) => write % 7 === 3, hasSlowSyncs: true },
  "with tidying that fails": { losesTidying: true },
};

for (const [name, weather] of Object.entries(WEATHERS)) {
  Deno.test(`crash points: nothing that was told of is lost at any of them, ${name}`, async () => {
    const seed = seedFor(`crash points ${name}`);
    const points = await (async () => {
      using _clock = weather.hasSlowSyncs ? stoppedClock(1.2) : undefined;
      return await pointsOf(randomFrom(seed), weather);
    })();
    const { recoveries } = await crashAtAll(points, seed);
    console.log(`crash points ${name}: ${points.length} points, ${recoveries} recoveries`);
  });
}
