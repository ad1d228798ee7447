/** The judgement of an attack: compares its outcome with the promises, and formats it as a row. */
import { percent } from "../harness/tables.ts";
import { MEMORY_RATIO, type Outcome } from "./attacked_server.ts";
import { READER_LIMITS } from "./attacks/slow.ts";

/** The bound of the well-behaved client's p99, in milliseconds. */
const MAX_P99_MS = 50;

/** One promise. */
export interface Verdict {
  readonly what: string;
  readonly isMet: boolean;
}

/** An outcome with its verdicts. */
export interface JudgedOutcome extends Outcome {
  readonly verdicts: readonly Verdict[];
}

/** The bounds of the memory of slow readers, in bytes, by scenario. */
const COST_BYTES: Readonly<Record<string, number>> = {
  "slow reader": READER_LIMITS.hardBytes,
  "100 slow readers": READER_LIMITS.totalBytes,
};

/** Compares an outcome with the promises. */
export function judge(outcome: Outcome): JudgedOutcome {
  const { steady, memory, clients, handles, bugs } = outcome;
  const verdicts: Verdict[] = [
    { what: `${steady.errors} errors (${steady.messages.join("; ")})`, isMet: steady.errors === 0 },
    {
      what: `p99 ${steady.latency.p99Ms.toFixed(1)} ms`,
      isMet: steady.latency.p99Ms < MAX_P99_MS,
    },
    {
      what: `memory ${percent(memory.after / memory.start)} of its start, and ${
        percent(memory.collected / memory.start)
      } after a collection`,
      isMet: memory.after <= MEMORY_RATIO * memory.start,
    },
    {
      what: `${clients.after} connections, ${clients.before} before`,
      isMet: clients.after <= clients.before,
    },
    {
      what: `${handles.after} open files, ${handles.before} before`,
      isMet: handles.after <= handles.before,
    },
    { what: `in the log: ${bugs.join("; ")}`, isMet: bugs.length === 0 },
  ];
  const mayCost = COST_BYTES[outcome.scenario];
  if (mayCost !== undefined) {
    const costs = memory.peak - memory.prepared;
    verdicts.push({
      what: `costs ${megabytes(costs)} MB of at most ${megabytes(mayCost)} MB`,
      isMet: costs <= mayCost,
    });
  }
  return { ...outcome, verdicts };
}

/** The columns of `rowOf`. */
export const HEADINGS: readonly string[] = [
  ...["scenario", "sent and received", "requests", "errors", "p50, ms", "p99, ms", "longest, ms"],
  ...["control's p99, ms", "longest, ms", "server's processor share"],
  ...["memory before, MB", "peak, MB", "after, MB", "collected, MB", "verdict"],
];

/** One row of the table. */
export function rowOf(judged: JudgedOutcome): string[] {
  const { scenario, counts, steady, control, memory, processorShare, verdicts } = judged;
  return [
    scenario,
    Object.entries(counts).map(([what, count]) => `${count.toLocaleString("en")} ${what}`)
      .join(", "),
    String(steady.requests),
    String(steady.errors),
    steady.latency.p50Ms.toFixed(2),
    steady.latency.p99Ms.toFixed(1),
    steady.latency.maxMs.toFixed(1),
    control.latency.p99Ms.toFixed(1),
    control.latency.maxMs.toFixed(1),
    percent(processorShare),
    megabytes(memory.start),
    megabytes(memory.peak),
    megabytes(memory.after),
    megabytes(memory.collected),
    verdicts.every(({ isMet }) => isMet) ? "kept" : "MISSED",
  ];
}

/** Millions of bytes, as text. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
