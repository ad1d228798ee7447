/**
 * The steps of a sweep to which the Universal Scalability Law does not apply.
 *
 * By the law, throughput per client never rises with more clients, because neither sigma nor kappa is
 * negative. On a machine it can: with one client, processors are idle between two requests, and each
 * request waits until they are awake again. More clients keep them awake. A fit over such a step finds
 * no contention at all, and explains the rest of the sweep by coherency.
 */
import {
  errorOfMedian,
  MATERIAL_SHARE,
  median,
  pooledNoise,
  studentT975OfMany,
} from "./statistics.ts";
import type { SweepStep } from "./sweep_step.ts";

/**
 * The rise of throughput per client that counts if no step has two repeats, so that the noise is
 * unknown: two single runs differ by less (95%) if their noise is at most 18%.
 */
const RISE_WITHOUT_NOISE = 0.5;

/**
 * Finds the steps to leave out, so that throughput per client does not rise by more than noise between
 * any two of the others. The first of them is the one that contradicts the most others; of several, the
 * one with the fewest clients. So it is a slow start, or one high step in the middle.
 *
 * @param steps in ascending order of clients
 * @returns their numbers of clients, in ascending order
 */
export function superlinearClients(steps: readonly SweepStep[]): number[] {
  const isRise = riseTest(steps);
  const others = [...steps];
  while (true) {
    const contradictions = others.map((step, at) =>
      others.filter((other, place) => place < at ? isRise(other, step) : isRise(step, other)).length
    );
    const most = Math.max(0, ...contradictions);
    if (most === 0) break;
    others.splice(contradictions.indexOf(most), 1);
  }
  return steps.filter((step) => !others.includes(step)).map(({ clients }) => clients);
}

/** Creates a function that compares the throughput per client of two steps, the earlier one first. */
function riseTest(
  steps: readonly SweepStep[],
): (before: SweepStep, after: SweepStep) => boolean {
  const noise = pooledNoise(steps.map(({ opsPerSecond }) => opsPerSecond));
  const pairs = steps.length * (steps.length - 1) / 2;
  const perClient = ({ clients, opsPerSecond }: SweepStep) => median(opsPerSecond) / clients;
  const error = ({ opsPerSecond }: SweepStep) => errorOfMedian(opsPerSecond.length);
  return (before, after) => {
    const smallestRise = noise === undefined
      ? RISE_WITHOUT_NOISE
      : studentT975OfMany(pairs, noise.degreesOfFreedom) * noise.share *
        Math.hypot(error(before), error(after));
    return perClient(after) > perClient(before) * (1 + Math.max(MATERIAL_SHARE, smallestRise));
  };
}
