/**
 * The demo's measurements: rounds with more and more clients, until the time is up.
 *
 * Each round gets a share of the time that remains, and its stages are as long as that share allows.
 * A result is kept as soon as it is there, so that a round that is cut short still has some.
 */
import { columns } from "../../lib/terminal/columns.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { Clock } from "../../lib/base/clock.ts";

/** What each client measures, in this order. */
export const STAGES = ["insert", "lookup", "scan", "remove"] as const;

/** Simultaneous clients of the rounds. */
export const ROUNDS: readonly number[] = [1, 2, 4];

/** Longest stage: on a quiet machine the figures are stable by then, in milliseconds. */
const MAX_STAGE_MS = 500;

/** Shortest stage that is tried, in milliseconds. */
const MIN_STAGE_MS = 50;

/** Stages that fit into what is left of a share after the start: four, and some room. */
const STAGES_PER_SHARE = 6;

/** What a client measured in one stage. */
export interface StageResult {
  readonly stage: string;
  readonly opsPerS: number;
}

/** How a client is started. */
export interface ClientOptions {
  /** Length of each of its stages, in milliseconds. */
  readonly stageMs: number;
  /** Aborted if it must end now. */
  readonly signal: AbortSignal;
  /** Takes a result as soon as the client has it. */
  onResult(result: StageResult): void;
}

/** How to measure. */
export interface RoundsOptions {
  readonly clock: Clock;
  /** When all must be over, in the clock's milliseconds. */
  readonly endMs: number;
  /** How long a program takes to start on this machine, in milliseconds. */
  readonly startMs: number;
  /** Aborted with the reason, a sentence, if measuring is of no more use. */
  readonly stop: AbortSignal;
  /** Starts one client; settles at its end. @throws {Error} if it failed */
  startClient(options: ClientOptions): Promise<void>;
  /** Called before each round. */
  onRound(clients: number, stageMs: number): void;
}

/** One round. */
export interface Round {
  readonly clients: number;
  readonly results: readonly StageResult[];
}

/** All that was measured. */
export interface Findings {
  readonly rounds: readonly Round[];
  /** Which parts failed and why, as sentences. */
  readonly problems: readonly string[];
  /** Whether there was time for all of it. */
  readonly isComplete: boolean;
}

/** Measures until all rounds are done or the time is up. Does not throw. */
export async function runRounds(options: RoundsOptions): Promise<Findings> {
  const { clock, endMs, stop } = options;
  const rounds: Round[] = [];
  const problems: string[] = [];
  let isComplete = true;
  for (const [at, clients] of ROUNDS.entries()) {
    const leftMs = endMs - clock.now();
    if (leftMs <= 0 || stop.aborted) {
      isComplete = false;
      break;
    }
    const weight = ROUNDS.slice(at).reduce((sum, one) => sum + weightOf(one), 0);
    const shareMs = leftMs * weightOf(clients) / weight;
    const results: StageResult[] = [];
    rounds.push({ clients, results });
    const isCut = await runRound(options, clients, shareMs, results, problems);
    if (isCut) isComplete = false;
  }
  if (stop.aborted) problems.push(String(stop.reason));
  return { rounds, problems, isComplete };
}

/** Each client is a process that takes a processor's time to start. */
function weightOf(clients: number): number {
  return clients + 1;
}

/** @returns whether it was cut short */
async function runRound(
  options: RoundsOptions,
  clients: number,
  shareMs: number,
  results: StageResult[],
  problems: string[],
): Promise<boolean> {
  const { clock, endMs, startMs, stop, onRound, startClient } = options;
  const forStagesMs = (shareMs - startMs * clients) / STAGES_PER_SHARE;
  const stageMs = Math.round(Math.min(MAX_STAGE_MS, Math.max(MIN_STAGE_MS, forStagesMs)));
  onRound(clients, stageMs);
  const over = new AbortController();
  const timeIsUp = new AbortController();
  const first = Promise.withResolvers<void>();
  const timer = (async () => {
    await clock.sleep(shareMs, over.signal);
    // One result is worth more than another round without any.
    const leftMs = Math.max(0, endMs - clock.now());
    await Promise.race([first.promise, clock.sleep(leftMs, over.signal)]);
    timeIsUp.abort();
  })();
  const signal = AbortSignal.any([timeIsUp.signal, stop]);
  const onResult = (result: StageResult): void => {
    results.push(result);
    first.resolve();
  };
  const ends = await Promise.allSettled(
    Array.from({ length: clients }, () => startClient({ stageMs, signal, onResult })),
  );
  const isCut = signal.aborted;
  over.abort();
  first.resolve();
  await timer;
  if (isCut) return true;
  for (const [at, end] of ends.entries()) {
    if (end.status === "fulfilled") continue;
    problems.push(
      `client ${at + 1} of the round with ${clients} failed: ${messageOf(end.reason)}`,
    );
  }
  return false;
}

/** The table of results; empty if there are none. */
export function tableOf({ rounds }: Findings): string {
  const rows = rounds.flatMap(({ clients, results }) =>
    STAGES.flatMap((stage) => {
      const each = results.filter((one) => one.stage === stage).map(({ opsPerS }) => opsPerS);
      if (each.length === 0) return [];
      const sum = each.reduce((total, one) => total + one, 0);
      const who = each.length === clients ? String(clients) : `${each.length} of ${clients}`;
      return [[who, stage, sum.toFixed(0), (sum / each.length).toFixed(0)]];
    })
  );
  const heading = ["clients", "stage", "sum ops/s", "each ops/s"];
  return rows.length === 0 ? "" : columns([heading, ...rows], new Set([0, 2, 3]));
}
