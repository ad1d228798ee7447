/** What a run consists of: its stages, and what each client does before, in and after them. */
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
import { type Operation, type Tasks } from "./operation.ts";

/** Keys of each client that a mix with removes begins with, so that there is always one to remove. */
const RESERVE_KEYS = 1_000;

/** How long a stage is: so many operations for each client, or so much time. */
export type StageLength =
  | {
    readonly ops: number;
    /** Nothing is begun after this time, in milliseconds (default: no limit). */
    readonly limitMs?: number | undefined;
  }
  | { readonly durationMs: number };

/** One stage. */
export interface StagePlan {
  readonly name: string;
  readonly length: StageLength;
  /** What each client (from 0) puts into the table before, not measured. */
  readonly prepare: readonly ((client: number) => Tasks)[];
  readonly warmup: (client: number) => Tasks;
  readonly tasks: (client: number) => Tasks;
}

/** A run. */
export interface Plan {
  readonly stages: readonly StagePlan[];
  /** Of each client. What those in other processes have must be said (`end`). */
  readonly keys: readonly ClientKeys[];
  /** What each client takes away at the end, not measured. */
  readonly cleanUp: (client: number) => Tasks;
}

/**
 * Plans a run.
 *
 * @param config what was asked for
 * @param seed of the choices
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
      ? config.operations.map((name) => planStage(name, run))
      : [planMixedStage(mix, run)],
    keys,
    cleanUp: (client) => cleanUpTasks(keysOf(client)),
  };
}

/** What the parts of a plan have in common. */
interface PlanContext {
  readonly config: TestPerfConfig;
  readonly keys: readonly ClientKeys[];
  readonly keysOf: (client: number) => ClientKeys;
  readonly streams: RandomStreams;
}

/** Chance of one client for one purpose, of the warm-up or not: each has a stream of its own. */
type RandomStreams = (client: number, purpose: "key" | "operation", isWarmup: boolean) => Fractions;

function createStreams(seed: number, clients: number): RandomStreams {
  return (client, purpose, isWarmup) =>
    randomFractions(
      seed,
      client + clients * ((purpose === "key" ? 0 : 1) + (isWarmup ? 2 : 0)),
    );
}

function planStage(name: Operation, run: PlanContext): StagePlan {
  const { keysOf } = run;
  const length = stageLength(run.config, name === "scan" ? run.config.scanLimitMs : undefined);
  const prepare = [(client: number) => fillTasks(keysOf(client))];
  const warmup = (client: number) => warmupTasks(keysOf(client));
  switch (name) {
    case "insert":
      return { name, length, prepare: [], warmup, tasks: (client) => insertTasks(keysOf(client)) };
    case "remove":
      return { name, length, prepare, warmup, tasks: (client) => removeTasks(keysOf(client)) };
    default: {
      const tasks = (isWarmup: boolean) => (client: number) =>
        planReads(name, run, client, isWarmup);
      return { name, length, prepare, warmup: tasks(true), tasks: tasks(false) };
    }
  }
}

/** Lookups and scans: in order, or by chance among the keys of all clients. */
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
  return { name: "mixed", length, prepare, warmup: tasks(true), tasks: tasks(false) };
}

/** Keys that can be chosen: those from 0 to below this number are in the table. */
function countSharedKeys(keys: readonly ClientKeys[]): number {
  const all = keys.reduce((sum, { end }) => sum + end, 0);
  // Clients that work for a time insert more or fewer: the numbers are without gaps up to the least.
  const least = Math.min(...keys.map(({ end }) => end));
  return keys.every(({ end, limit }) => end === limit) ? all : least * keys.length;
}

function stageLength(
  { ops, durationMs }: TestPerfConfig,
  limitMs: number | undefined,
): StageLength {
  return durationMs === undefined ? { ops, limitMs } : { durationMs };
}
