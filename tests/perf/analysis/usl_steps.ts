/** Steps of a sweep that follow the Universal Scalability Law, for tests of its fit. */
import assert from "assert";
import { type UslParameters, uslThroughput } from "../../../lib/perf/analysis/usl_solver.ts";
import type { SweepStep } from "../../../lib/perf/analysis/sweep_step.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { randomFrom } from "../../../bench/harness/random.ts";

/** The client counts of the steps. */
export const CLIENTS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

/** Makes steps with the exact throughput of the law. */
export function exactly(
  parameters: UslParameters,
  clients: readonly number[] = CLIENTS,
): SweepStep[] {
  return clients.map((one) => ({ clients: one, opsPerSecond: [uslThroughput(parameters, one)] }));
}

/** Makes steps of five repeats, with noise. */
export function noisily(parameters: UslParameters, noiseShare: number, seed: number): SweepStep[] {
  const random = randomFrom(seed);
  return CLIENTS.map((clients) => ({
    clients,
    opsPerSecond: noisyRepeats(uslThroughput(parameters, clients), noiseShare, 5, random),
  }));
}

/** Makes steps of one repeat. */
export function pairs(clients: readonly number[], throughputs: readonly number[]): SweepStep[] {
  return clients.map((one, i) => ({ clients: one, opsPerSecond: [throughputs[i] ?? NaN] }));
}

/** Asserts a value within a distance. */
export function within(value: number, expected: number, distance: number): void {
  assert.ok(
    Math.abs(value - expected) <= distance,
    `${value} is further than ${distance} from ${expected}`,
  );
}
