/**
 * The plateau of a sweep: the smallest number of clients beyond which throughput does not rise.
 *
 * Two steps are compared by the difference of the medians of their repeats. The noise of this
 * difference is `pooledNoise` of the repeats of both and of the steps between them, at least three
 * steps if the sweep has them: two steps of three repeats do not show the noise. Its interval is that of
 * Welch, with Student's t for 97.5% on either side, but for medians. One disturbed repeat would shift
 * means, and a bootstrap of the medians of three repeats has only three values.
 */
import {
  errorOfMedian,
  MATERIAL_SHARE,
  median,
  type Noise,
  pooledNoise,
  studentT975,
} from "./statistics.ts";
import { checkSteps, clientsText, opsText, type SweepStep } from "./sweep_step.ts";

/** Number of steps after the start of a plateau that must not rise. */
export const PLATEAU_STEPS = 2;

/** Minimum number of steps for a verdict. */
const MIN_STEPS = PLATEAU_STEPS + 1;

/**
 * The repeats must exclude a rise of this share of linear scaling. With more noise, a throughput that
 * still rises would look like a plateau.
 */
const HIDDEN_RISE = 0.5;

/** The change of throughput from one number of clients to a larger one. */
interface Gain {
  readonly fromClients: number;
  readonly toClients: number;
  /** Difference of the medians, in operations a second; below 0 if it fell. */
  readonly opsPerSecond: number;
  /** The same as a share of the first throughput; null if that is 0. */
  readonly share: number | null;
  /** Maximum difference by noise alone (95%), in operations a second; null if unknown. */
  readonly noiseOpsPerSecond: number | null;
  /** "unknown" if no step nearby has two repeats. */
  readonly direction: "rises" | "within noise" | "falls" | "unknown";
}

/** A throughput that more clients do not raise, and the number of clients at which it begins. */
interface Plateau {
  /** The smallest number of clients that reaches it. */
  readonly clients: number;
  /** Median of the repeats with this number of clients. */
  readonly opsPerSecond: number;
}

/** The analysis of the throughput of a sweep; plain data for JSON. */
export interface PlateauAnalysis {
  readonly verdict: "levels out" | "falls" | "still rises" | "undecided";
  /**
   * Number of clients at the plateau, or beyond which throughput falls, or the largest measured one if
   * it still rises; null if undecided.
   */
  readonly clients: number | null;
  /**
   * The smallest number of clients that no larger one exceeds by more than noise: at the plateau, also
   * if throughput falls beyond it; null if it still rises, or undecided.
   */
  readonly enoughClients: number | null;
  /** Throughput with `clients`, in operations a second; null if undecided. */
  readonly opsPerSecond: number | null;
  /** Why the verdict is undecided; otherwise null. */
  readonly why: string | null;
  /** From each step to the next. */
  readonly gains: readonly Gain[];
  /** Standard deviation of one repeat, as a share; null if no step has two repeats. */
  readonly noiseShare: number | null;
  /** The verdict in plain English. */
  readonly sentence: string;
}

/**
 * Finds the plateau of a sweep, which can then stop: neither of the next two steps exceeds it by more
 * than noise. (Both are compared with its first step, not with each other, so that a slow rise is not
 * a plateau.)
 *
 * @param steps measured so far
 * @returns undefined if the sweep has no plateau, or noise could hide a rise
 * @throws {RangeError} if the steps are not a sweep (`checkSteps`)
 */
export function findPlateau(steps: readonly SweepStep[]): Plateau | undefined {
  checkSteps(steps);
  const index = plateauIndexes(steps).find((one) => isDecisive(steps, one));
  return index === undefined ? undefined : plateauAt(steps, index);
}

/**
 * Analyzes a whole sweep.
 *
 * @throws {RangeError} if the steps are not a sweep (`checkSteps`)
 */
export function analyzePlateau(steps: readonly SweepStep[]): PlateauAnalysis {
  checkSteps(steps);
  const gains = steps.slice(1).map((_, index) => gainBetween(steps, index, index + 1));
  const decision = decideVerdict(steps);
  const at = "index" in decision ? plateauAt(steps, decision.index) : undefined;
  return {
    verdict: decision.verdict,
    clients: at?.clients ?? null,
    enoughClients: "index" in decision && decision.enoughIndex !== null
      ? plateauAt(steps, decision.enoughIndex).clients
      : null,
    opsPerSecond: at?.opsPerSecond ?? null,
    why: "why" in decision ? decision.why : null,
    gains,
    noiseShare: pooledNoise(steps.map(({ opsPerSecond }) => opsPerSecond))?.share ?? null,
    sentence: "why" in decision
      ? `The data does not decide whether throughput has a plateau: ${decision.why}.`
      : sentenceOf(steps, decision),
  };
}

interface Verdict {
  readonly verdict: Exclude<PlateauAnalysis["verdict"], "undecided">;
  /** Of the step of `PlateauAnalysis.clients`. */
  readonly index: number;
  /** Of the step of `PlateauAnalysis.enoughClients`. */
  readonly enoughIndex: number | null;
}

/** Whether throughput falls at the end of a sweep. */
export function hasFallen(steps: readonly SweepStep[]): boolean {
  return decideVerdict(steps).verdict === "falls";
}

type Decision = Verdict | { readonly verdict: "undecided"; readonly why: string };

function decideVerdict(steps: readonly SweepStep[]): Decision {
  const undecided = (why: string): Decision => ({ verdict: "undecided", why });
  if (steps.length > 0 && steps.every(({ opsPerSecond }) => median(opsPerSecond) === 0)) {
    return undecided("no operation succeeded");
  }
  if (steps.length < MIN_STEPS) {
    return undecided(
      `only ${steps.length} step${
        steps.length === 1 ? " was" : "s were"
      } measured, and at least ${MIN_STEPS} are needed`,
    );
  }
  if (steps.some(({ opsPerSecond }) => opsPerSecond.length < 2)) {
    return undecided("each step needs at least 2 repeats to separate gains from noise");
  }
  const last = steps.length - 1;
  const levels = plateauIndexes(steps);
  const level = levels.find((index) => isDecisive(steps, index));
  const highest = level ?? levels[0] ?? highestIndex(steps);
  if (directionBetween(steps, highest, last) === "falls") {
    return { verdict: "falls", index: lastNotFallen(steps, highest), enoughIndex: highest };
  }
  if (level !== undefined) return { verdict: "levels out", index: level, enoughIndex: level };
  if (levels.length > 0) {
    const noise = pooledNoise(steps.map(({ opsPerSecond }) => opsPerSecond))?.share ?? NaN;
    return undecided(
      `the noise of the repeats (standard deviation ${
        (100 * noise).toFixed(0)
      }%) could hide a rise`,
    );
  }
  if (isRisingAt(steps, last)) return { verdict: "still rises", index: last, enoughIndex: null };
  return undecided("the last gain is within the noise, and one such step is not enough");
}

/** Indexes of the steps that at least two later steps follow and none exceeds, in order. */
function plateauIndexes(steps: readonly SweepStep[]): number[] {
  return [...steps.keys()].slice(0, -PLATEAU_STEPS).filter((index) =>
    steps.every((_, later) => later <= index || directionBetween(steps, index, later) !== "rises")
  );
}

/** Whether the two steps after a plateau would have shown a rise. */
function isDecisive(steps: readonly SweepStep[], index: number): boolean {
  const { opsPerSecond, noiseOpsPerSecond, fromClients, toClients } = gainBetween(
    steps,
    index,
    index + PLATEAU_STEPS,
  );
  const linear = plateauAt(steps, index).opsPerSecond * (toClients / fromClients - 1);
  return noiseOpsPerSecond !== null && opsPerSecond + noiseOpsPerSecond < HIDDEN_RISE * linear;
}

/** The step with the highest median. */
export function highestIndex(steps: readonly SweepStep[]): number {
  const medians = steps.map(({ opsPerSecond }) => median(opsPerSecond));
  return medians.indexOf(Math.max(...medians));
}

function lastNotFallen(steps: readonly SweepStep[], highest: number): number {
  let index = steps.length - 1;
  while (index > highest && directionBetween(steps, highest, index) === "falls") index--;
  return index;
}

/** Whether the last step rose, or the last two together although each alone did not. */
function isRisingAt(steps: readonly SweepStep[], last: number): boolean {
  if (directionBetween(steps, last - 1, last) === "rises") return true;
  return directionBetween(steps, last - 2, last - 1) === "within noise" &&
    directionBetween(steps, last - 2, last) === "rises";
}

function directionBetween(steps: readonly SweepStep[], from: number, to: number) {
  return gainBetween(steps, from, to).direction;
}

/** Compares two steps; `from` is the earlier one. */
function gainBetween(steps: readonly SweepStep[], from: number, to: number): Gain {
  const near = steps.slice(Math.max(0, Math.min(from, to - PLATEAU_STEPS)), to + 1);
  const noise = pooledNoise(near.map(({ opsPerSecond }) => opsPerSecond));
  const before = stepAt(steps, from);
  const after = stepAt(steps, to);
  const level = median(before.opsPerSecond);
  const opsPerSecond = median(after.opsPerSecond) - level;
  const noiseOpsPerSecond = noise === undefined
    ? null
    : Math.max(MATERIAL_SHARE * level, noiseOfDifference(noise, before, after));
  return {
    fromClients: before.clients,
    toClients: after.clients,
    opsPerSecond,
    share: level === 0 ? null : opsPerSecond / level,
    noiseOpsPerSecond,
    direction: noiseOpsPerSecond === null
      ? "unknown"
      : Math.abs(opsPerSecond) <= noiseOpsPerSecond
      ? "within noise"
      : opsPerSecond > 0
      ? "rises"
      : "falls",
  };
}

/** Half the interval of the difference of two medians, in operations a second. */
function noiseOfDifference(noise: Noise, before: SweepStep, after: SweepStep): number {
  const error = ({ opsPerSecond }: SweepStep) =>
    errorOfMedian(opsPerSecond.length) * median(opsPerSecond);
  return studentT975(noise.degreesOfFreedom) * noise.share *
    Math.hypot(error(before), error(after));
}

function plateauAt(steps: readonly SweepStep[], index: number): Plateau {
  const { clients, opsPerSecond } = stepAt(steps, index);
  return { clients, opsPerSecond: median(opsPerSecond) };
}

function stepAt(steps: readonly SweepStep[], index: number): SweepStep {
  const step = steps[index];
  if (step === undefined) throw new RangeError(`There is no step ${index}`);
  return step;
}

function sentenceOf(
  steps: readonly SweepStep[],
  { verdict, index, enoughIndex }: Verdict,
): string {
  const textAt = (one: number) => {
    const { clients, opsPerSecond } = plateauAt(steps, one);
    return `${clientsText(clients)} with ${opsText(opsPerSecond)}`;
  };
  const at = textAt(index);
  switch (verdict) {
    case "levels out":
      return `Throughput ${
        index === 0 ? "is level from the first step," : "reaches its plateau at"
      } ${at}: more clients do not raise it by more than noise.`;
    case "falls":
      return enoughIndex === null || enoughIndex === index
        ? `Throughput falls beyond ${at}.`
        : `Throughput reaches its plateau at ${textAt(enoughIndex)}, and falls beyond ${at}.`;
    case "still rises":
      return `Throughput still rises at the last step, ${at}: more clients may raise it further.`;
  }
}
