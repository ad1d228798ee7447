/**
 * The rounds of the demo: measurements with more and more clients, until the time is up.
 *
 * Each round gets a share of the remaining time, which determines the length of its stages. Results are
 * kept one by one, so a round that has to end early has some.
 */
import { columns } from "../../lib/terminal/columns.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { Clock } from "../../lib/base/clock.ts";

/** The stages of each client, in this order. */
export const STAGES = ["insert", "lookup", "scan", "remove"] as const;

/** The number of clients in each round. */
export const ROUNDS: readonly number[] = [1, 2, 4];

/** Maximum length of a stage, in milliseconds: on an idle machine the figures are stable by then. */
const MAX_STAGE_MS = 500;

/** Minimum length of a stage, in milliseconds. */
const MIN_STAGE_MS = 50;

/** Stages that a share has time for after the start: four, and a reserve. */
const STAGES_PER_SHARE = 6;

/** The result of one client and stage. */
interface StageResult {
  readonly stage: string;
  readonly opsPerS: number;
}

/** How to start a client. */
export interface ClientOptions {
  /** Length of each of its stages, in milliseconds. */
  readonly stageMs: number;
  /** Aborted when the client must end. */
  readonly signal: AbortSignal;
  /** Called with each result, at once. */
  onResult(result: StageResult): void;
}

/** How to measure all rounds. */
interface RoundsOptions {
  readonly clock: Clock;
  /** The end of the time, in milliseconds of the clock. */
  readonly endMs: number;
  /** The time that a program takes to start on this machine, in milliseconds. */
  readonly startMs: number;
  /** Aborted when the measurement must end, with a sentence as reason. */
  readonly stop: AbortSignal;
  /** Runs one client to its end. @throws {Error} if it fails */
  runClient(options: ClientOptions): Promise<void>;
  /** Called before each round. */
  onRound(clients: number, stageMs: number): void;
}

/** A round, with the results of its clients. */
interface Round {
  readonly clients: number;
  readonly results: readonly StageResult[];
}

/** The results of all rounds. */
export interface Findings {
  readonly rounds: readonly Round[];
  /** The parts that failed, and why, as sentences. */
  readonly problems: readonly string[];
  /** Whether the time was enough for all rounds. */
  readonly isComplete: boolean;
}

/** Runs the rounds until the last one or the end of the time. Does not throw. */
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

/** The weight of a round in the remaining time. The start of each client takes time of a processor. */
function weightOf(clients: number): number {
  return clients + 1;
}

/** Runs a round, and returns whether it ended early. */
async function runRound(
  options: RoundsOptions,
  clients: number,
  shareMs: number,
  results: StageResult[],
  problems: string[],
): Promise<boolean> {
  const { clock, endMs, startMs, stop, onRound, runClient } = options;
  const forStagesMs = (shareMs - startMs * clients) / STAGES_PER_SHARE;
  const stageMs = Math.round(Math.min(MAX_STAGE_MS, Math.max(MIN_STAGE_MS, forStagesMs)));
  onRound(clients, stageMs);
  const over = new AbortController();
  const timeIsUp = new AbortController();
  const first = Promise.withResolvers<void>();
  const timer = (async () => {
    await clock.sleep(shareMs, over.signal);
    // The round waits for its first result: the next round without any result would be useless.
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
    Array.from({ length: clients }, () => runClient({ stageMs, signal, onResult })),
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

/** Makes the table of results; empty if there are none. */
export function tableOf({ rounds }: Findings): string {
  const rows = rounds.flatMap(({ clients, results }) =>
    STAGES.flatMap((stage) => {
      const each = results.filter((one) => one.stage === stage).map(({ opsPerS }) => opsPerS);
      if (each.length === 0) return [];
      const sum = each.reduce((total, one) => total + one, 0);
      const count = each.length === clients ? String(clients) : `${each.length} of ${clients}`;
      return [[count, stage, sum.toFixed(0), (sum / each.length).toFixed(0)]];
    })
  );
  const heading = ["clients", "stage", "sum ops/s", "each ops/s"];
  return rows.length === 0 ? "" : columns([heading, ...rows], new Set([0, 2, 3]));
}
