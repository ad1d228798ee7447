/** The default length of stages of `testperf`, and the default number of keys. */
import type { MeasuredOperation, MixShares } from "./workload_flags.ts";

/** Default length of a stage, in milliseconds. */
const STAGE_MS = 2_000;

/** The defaults of a sweep. */
export const SWEEP = { clients: 64, repeats: 5, durationMs: 1_000, warmupMs: 200 } as const;

/** The part of a stage by time, at each of its ends, that does not count. */
const EDGE_SHARE = 0.1;

/** Default number of keys of a mix, of a sweep, and of stages without inserts that `--ops` limits. */
const SHARED_KEYS = 10_000;

/**
 * Default number of keys of a run by time: for each client, and the maximum of all. More keys would make
 * each scan slower, because it reads the whole table.
 */
const CLIENT_KEYS = 1_000, MAX_CLIENT_KEYS = 100_000;

/** Help of `--duration`. */
export const SECONDS_HELP = `seconds of each stage; the first and the last ${
  EDGE_SHARE * 100
}% do not count (default: ${STAGE_MS / 1e3}; with --sweep ${SWEEP.durationMs / 1e3})`;

/** Help of `--keys`. */
export const KEYS_HELP =
  `keys of all clients (default: ${CLIENT_KEYS} for each client, at most ${MAX_CLIENT_KEYS}; with --sweep or --mix ${SHARED_KEYS}; with --ops one for each insert)`;

/** The length of each stage, in milliseconds. */
interface StageLength {
  /** Undefined: a number of operations limits it. */
  readonly durationMs: number | undefined;
  readonly warmupMs: number;
  /** Time at each end that does not count; 0 if a number of operations limits it. */
  readonly edgeMs: number;
}

/** Computes the length of stages from flags, which are in seconds. */
export function stageLength(
  { ops, duration, warmup, sweep }: {
    readonly ops?: number | undefined;
    readonly duration?: number | undefined;
    readonly warmup?: number | undefined;
    readonly sweep?: number | true | undefined;
  },
): StageLength {
  const defaults = sweep === undefined ? { durationMs: STAGE_MS, warmupMs: 0 } : SWEEP;
  const warmupMs = warmup === undefined ? defaults.warmupMs : warmup * 1_000;
  if (ops !== undefined) return { durationMs: undefined, warmupMs, edgeMs: 0 };
  const durationMs = duration === undefined ? defaults.durationMs : duration * 1_000;
  return { durationMs, warmupMs, edgeMs: durationMs * EDGE_SHARE };
}

/** Returns the default number of keys of all clients; undefined: one for each insert. */
export function defaultKeys(
  { durationMs, clients, operations, mix, sweep }: {
    readonly durationMs: number | undefined;
    readonly clients: number;
    readonly operations: readonly MeasuredOperation[];
    readonly mix: MixShares | undefined;
    readonly sweep: unknown;
  },
): number | undefined {
  const isTimed = durationMs !== undefined;
  if (isTimed && mix === undefined && sweep === undefined) {
    return Math.min(CLIENT_KEYS * clients, MAX_CLIENT_KEYS);
  }
  const needsKeys = isTimed || mix !== undefined || !operations.includes("insert");
  return needsKeys ? Math.max(SHARED_KEYS, clients) : undefined;
}
