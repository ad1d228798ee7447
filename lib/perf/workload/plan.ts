/** The plan of a run: its stages, and the tasks of each client before, in and after them. */
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { ClientKeys } from "./client_keys.ts";
import { createKeyChoice } from "./key_distribution.ts";
import { type Fractions, randomFractions } from "./seeded_streams.ts";
import {
  cleanUpTasks,
  fillTasks,
  insertTasks,
  mixTasks,
  randomReadTasks,
  readTasks,
  removeTasks,
  reserveTasks,
  warmupTasks,
} from "./tasks.ts";
import { MIXED_STAGE, type Operation, type Tasks } from "./operation.ts";

/** Keys of each client at the start of a mix with removes, so that each remove has a key. */
const RESERVE_KEYS = 1_000;

/** The length of a stage: a number of operations for each client, or a time. */
export type StageLength =
  | {
    readonly ops: number;
    /** No operation begins after this time, in milliseconds (default: no limit). */
    readonly limitMs?: number | undefined;
  }
  | {
    /** Time of load, in milliseconds, without `warmupMs`. */
    readonly durationMs: number;
    /** Time before it with the same load, which does not count, in milliseconds (default: 0). */
    readonly warmupMs?: number;
    /** Time at each end of it that does not count, in milliseconds (default: all operations count). */
    readonly edgeMs?: number;
  };

/** One stage. */
export interface StagePlan {
  readonly name: string;
  readonly length: StageLength;
  /** Inserts of each client (from 0) before the stage, which are not measured. */
  readonly prepare: readonly ((client: number) => Tasks)[];
  /** Inserts at most `keys` further keys of a client for a stage by time that removes keys. */
  readonly refill?: (client: number, keys: number) => Tasks;
  /** The load before a stage with a number of operations. */
  readonly warmup: (client: number) => Tasks;
  readonly tasks: (client: number) => Tasks;
}

/** A run. */
export interface Plan {
  readonly stages: readonly StagePlan[];
  /** The keys of each client. For clients of other processes, `end` must be set from outside. */
  readonly keys: readonly ClientKeys[];
  /** Removes of each client after the last stage, which are not measured. */
  readonly cleanUp: (client: number) => Tasks;
}

/**
 * Plans a run.
 *
 * @param seed of the random choices
 */
export function planRun(config: TestPerfConfig, seed: number): Plan {
  const { clients, mix } = config;
  const keys = Array.from({ length: clients }, (_, at) => new ClientKeys(at, clients, config.keys));
  const keysOf = (client: number) => {
    const own = keys[client];
    if (own === undefined) throw new RangeError(`There is no client ${client}`);
    return own;
  };
  const run: PlanContext = { config, keys, keysOf, streams: createStreams(seed, clients) };
  return {
    stages: mix === undefined
      ? config.operations.map((name, at) => planStage(name, at === 0, run))
      : [planMixedStage(mix, run)],
    keys,
    cleanUp: (client) => cleanUpTasks(keysOf(client)),
  };
}

/** The values that all parts of a plan share. */
interface PlanContext {
  readonly config: TestPerfConfig;
  readonly keys: readonly ClientKeys[];
  readonly keysOf: (client: number) => ClientKeys;
  readonly streams: RandomStreams;
}

/** The random streams of a run: one for each client, purpose, and warm-up or stage. */
type RandomStreams = (client: number, purpose: "key" | "operation", isWarmup: boolean) => Fractions;

function createStreams(seed: number, clients: number): RandomStreams {
  return (client, purpose, isWarmup) =>
    randomFractions(
      seed,
      client + clients * ((purpose === "key" ? 0 : 1) + (isWarmup ? 2 : 0)),
    );
}

function planStage(name: Operation, isFirst: boolean, run: PlanContext): StagePlan {
  const { keysOf, config } = run;
  const isTimed = config.durationMs !== undefined;
  const length = stageLength(config, name === "scan" ? config.scanLimitMs : undefined);
  const fill = [(client: number) => fillTasks(keysOf(client))];
  // Stages by time follow each other without a pause, so all their keys are there before the first.
  const prepare = isFirst || !isTimed ? fill : [];
  const warmup = (client: number) => warmupTasks(keysOf(client));
  switch (name) {
    case "insert": {
      const tasks = (client: number) => insertTasks(keysOf(client));
      return { name, length, prepare: isTimed ? prepare : [], warmup, tasks };
    }
    case "remove": {
      const tasks = (client: number) => removeTasks(keysOf(client));
      const refill = (client: number, keys: number) => reserveTasks(keysOf(client), keys);
      return { name, length, prepare, warmup, tasks, ...(isTimed ? { refill } : {}) };
    }
    default: {
      const tasks = (isWarmup: boolean) => (client: number) =>
        planReads(name, run, client, isWarmup);
      return { name, length, prepare, warmup: tasks(true), tasks: tasks(false) };
    }
  }
}

/** Lookups and scans: of the own keys in order, or of random keys of all clients. */
function planReads(
  operation: "lookup" | "scan",
  { config: { distribution }, keys, keysOf, streams }: PlanContext,
  client: number,
  isWarmup: boolean,
): Tasks {
  if (distribution === undefined) return readTasks(operation, keysOf(client));
  const count = countSharedKeys(keys);
  if (count === 0) return { next: () => undefined };
  const choose = createKeyChoice(distribution, count, streams(client, "key", isWarmup));
  return randomReadTasks(operation, choose);
}

function planMixedStage(
  mix: NonNullable<TestPerfConfig["mix"]>,
  { config, keys, keysOf, streams }: PlanContext,
): StagePlan {
  const { distribution = { kind: "uniform" } } = config;
  const tasks = (isWarmup: boolean) => (client: number) => {
    const choose = createKeyChoice(
      distribution,
      countSharedKeys(keys),
      streams(client, "key", isWarmup),
    );
    return mixTasks(mix, keysOf(client), choose, streams(client, "operation", isWarmup));
  };
  const prepare = [(client: number) => fillTasks(keysOf(client))];
  if ((mix.remove ?? 0) > 0) {
    prepare.push((client) => reserveTasks(keysOf(client), RESERVE_KEYS));
  }
  const length = stageLength(config, (mix.scan ?? 0) > 0 ? config.scanLimitMs : undefined);
  return { name: MIXED_STAGE, length, prepare, warmup: tasks(true), tasks: tasks(false) };
}

/** Counts the keys that all clients can choose: those from 0 to below the count are in the table. */
function countSharedKeys(keys: readonly ClientKeys[]): number {
  const all = keys.reduce((sum, { end }) => sum + end, 0);
  // After a stage by time, clients have inserted different numbers of keys. Key numbers have no gaps
  // below the smallest of them.
  const min = Math.min(...keys.map(({ end }) => end));
  return keys.every(({ end, limit }) => end === limit) ? all : min * keys.length;
}

function stageLength(
  { ops, durationMs, warmupMs, edgeMs }: TestPerfConfig,
  limitMs: number | undefined,
): StageLength {
  return durationMs === undefined ? { ops, limitMs } : { durationMs, warmupMs, edgeMs };
}
