/** Results as lines for people and scripts, and as JSON. */
import type { Measured, StageResult } from "./runner.ts";

/**
 * The lines of a stage: with several clients one for each, then one for their sum, which begins
 * like the line of a single client.
 */
export function stageLines({ stage, clients, sum }: StageResult): string[] {
  if (clients.length === 1) return [line(stage, sum)];
  return [
    ...clients.map((client, at) => line(`${stage} client ${at + 1}`, client)),
    `${line(stage, sum)} (sum of ${clients.length} clients)`,
  ];
}

/** The JSON object of a stage. */
export function stageJson({ stage, clients, sum, firstError }: StageResult): unknown {
  return {
    stage,
    sum: numbers(sum),
    clients: clients.map(numbers),
    ...(firstError === undefined ? {} : { first_error: firstError }),
  };
}

function line(label: string, measured: Measured): string {
  const { meanMs, p50Ms, p99Ms, maxMs } = measured.latency.summary();
  const errors = measured.errors === 0 ? "" : `, ${measured.errors} errors`;
  return `${label}: ${measured.ops} ops in ${measured.seconds.toFixed(3)} s, ${
    opsPerSecond(measured).toFixed(1)
  } ops/s, latency mean ${meanMs.toFixed(3)} ms p50 ${p50Ms.toFixed(3)} p99 ${
    p99Ms.toFixed(3)
  } max ${maxMs.toFixed(3)} ms${errors}`;
}

function numbers(measured: Measured): Record<string, number> {
  const { meanMs, p50Ms, p99Ms, maxMs } = measured.latency.summary();
  return {
    ops: measured.ops,
    errors: measured.errors,
    seconds: measured.seconds,
    ops_per_s: opsPerSecond(measured),
    mean_ms: meanMs,
    p50_ms: p50Ms,
    p99_ms: p99Ms,
    max_ms: maxMs,
  };
}

function opsPerSecond({ ops, seconds }: Measured): number {
  return seconds > 0 ? ops / seconds : 0;
}
