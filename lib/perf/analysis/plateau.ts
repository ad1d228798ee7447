/**
 * Whether and where throughput levels out as clients are added.
 *
 * A step is compared with another by the difference of the medians of their repeats, and that with
 * its noise: `pooledNoise` of the repeats of both and of the steps between them (at least three
 * steps, where there are, since two steps of three repeats tell little of the noise), and Student's
 * t for 97.5% on either side, as Welch's interval has it, for medians. Means would be moved by one
 * disturbed repeat, and a bootstrap of the medians of three repeats knows only three values.
 */
import { MATERIAL_SHARE, median, type Noise, pooledNoise, studentT975 } from "./statistics.ts";
import { checkSteps, clientsText, opsText, type SweepStep } from "./sweep_step.ts";

/** Steps after a level that have to stay there. */
const STEPS_LEVEL = 2;

/** Steps without which nothing is said. */
const MIN_STEPS = STEPS_LEVEL + 1;

/**
 * A level is believed where the repeats exclude a rise by this share of what linear scaling would
 * have given. With more noise, a throughput that still rises would look the same.
 */
const HIDDEN_RISE = 0.5;

/** How the throughput of one number of clients compares with that of fewer. */
export interface Gain {
  readonly fromClients: number;
  readonly toClients: number;
  /** Difference of the medians, in operations a second; below 0 where it fell. */
  readonly opsPerSecond: number;
  /** The same as a share of the throughput that it came from; null where that is 0. */
  readonly share: number | null;
  /** How large a difference noise alone makes (95%), in operations a second; null if not known. */
  readonly noiseOpsPerSecond: number | null;
  /** What is known of it; "unknown" where no step nearby has two repeats. */
  readonly direction: "rises" | "within noise" | "falls" | "unknown";
}

/** A throughput that more clients do not raise. */
export interface Plateau {
  /** The fewest clients that reach it. */
  readonly clients: number;
  /** Median of the repeats with as many clients. */
  readonly opsPerSecond: number;
}

/** What a sweep shows: plain data, fit for JSON. */
export interface PlateauAnalysis {
  readonly verdict: "levels out" | "falls" | "still rises" | "undecided";
  /**
   * Clients with which it levels out, or beyond which it falls, or the most that were measured where
   * it still rises; null where the data does not decide.
   */
  readonly clients: number | null;
  /** Throughput there, in operations a second; null where the data does not decide. */
  readonly opsPerSecond: number | null;
  /** Why the data does not decide; null where it does. */
  readonly why: string | null;
  /** From each step to the next. */
  readonly gains: readonly Gain[];
  /** Standard deviation of one repeat, as a share; null without two repeats of a step. */
  readonly noiseShare: number | null;
  /** The verdict in plain English. */
  readonly sentence: string;
}

/**
 * Whether a sweep may stop: a level is reached that neither of the next two steps exceeds by more
 * than noise. (Each is compared with the level, not with the step before it, so that a throughput
 * that creeps up does not pass for level.) To be called after each step.
 *
 * @param steps so far
 * @returns the level, or undefined where there is none, or noise could hide that there is none
 * @throws {RangeError} where the steps are no sweep (`checkSteps`)
 */
export function findPlateau(steps: readonly SweepStep[]): Plateau | undefined {
  checkSteps(steps);
  const place = levelPlaces(steps).find((one) => isDecisive(steps, one));
  return place === undefined ? undefined : levelAt(steps, place);
}

/**
 * Says what a whole sweep shows.
 *
 * @throws {RangeError} where the steps are no sweep (`checkSteps`)
 */
export function analysePlateau(steps: readonly SweepStep[]): PlateauAnalysis {
  checkSteps(steps);
  const gains = steps.slice(1).map((_, place) => gainBetween(steps, place, place + 1));
  const found = decideVerdict(steps);
  const at = "place" in found ? levelAt(steps, found.place) : undefined;
  return {
    verdict: found.verdict,
    clients: at?.clients ?? null,
    opsPerSecond: at?.opsPerSecond ?? null,
    why: "why" in found ? found.why : null,
    gains,
    noiseShare: pooledNoise(steps.map(({ opsPerSecond }) => opsPerSecond))?.share ?? null,
    sentence: at === undefined
      ? `The data does not decide whether throughput levels out: ${
        "why" in found ? found.why : ""
      }.`
      : sentenceOf(found.verdict, at),
  };
}

type Decision =
  | { readonly verdict: "levels out" | "falls" | "still rises"; readonly place: number }
  | { readonly verdict: "undecided"; readonly why: string };

function decideVerdict(steps: readonly SweepStep[]): Decision {
  const undecided = (why: string): Decision => ({ verdict: "undecided", why });
  if (steps.length < MIN_STEPS) {
    return undecided(
      `too few steps: ${steps.length} measured, at least ${MIN_STEPS} needed`,
    );
  }
  if (steps.some(({ opsPerSecond }) => opsPerSecond.length < 2)) {
    return undecided("too few repeats: each step needs at least 2 to tell gains from noise");
  }
  if (steps.every(({ opsPerSecond }) => median(opsPerSecond) === 0)) {
    return undecided("nothing succeeded");
  }
  const last = steps.length - 1;
  const levels = levelPlaces(steps);
  const level = levels.find((place) => isDecisive(steps, place));
  const highest = level ?? levels[0] ?? highestPlace(steps);
  if (directionBetween(steps, highest, last) === "falls") {
    return { verdict: "falls", place: lastNotFallen(steps, highest) };
  }
  if (level !== undefined) return { verdict: "levels out", place: level };
  if (levels.length > 0) return undecided("the noise of the repeats is larger than the gains");
  if (isRisingAt(steps, last)) return { verdict: "still rises", place: last };
  return undecided("the last gain is within the noise, and one such step is not enough");
}

/** Places of the steps that at least two later ones follow and none exceeds; the first ones first. */
function levelPlaces(steps: readonly SweepStep[]): number[] {
  return [...steps.keys()].slice(0, -STEPS_LEVEL).filter((place) =>
    steps.every((_, later) => later <= place || directionBetween(steps, place, later) !== "rises")
  );
}

/** Whether the two steps after a level would have shown a rise. */
function isDecisive(steps: readonly SweepStep[], place: number): boolean {
  const { opsPerSecond, noiseOpsPerSecond, fromClients, toClients } = gainBetween(
    steps,
    place,
    place + STEPS_LEVEL,
  );
  const linear = levelAt(steps, place).opsPerSecond * (toClients / fromClients - 1);
  return noiseOpsPerSecond !== null && opsPerSecond + noiseOpsPerSecond < HIDDEN_RISE * linear;
}

function highestPlace(steps: readonly SweepStep[]): number {
  const medians = steps.map(({ opsPerSecond }) => median(opsPerSecond));
  return medians.indexOf(Math.max(...medians));
}

function lastNotFallen(steps: readonly SweepStep[], highest: number): number {
  let place = steps.length - 1;
  while (place > highest && directionBetween(steps, highest, place) === "falls") place--;
  return place;
}

/** Whether the last step rose, or the last two together, where each alone did not. */
function isRisingAt(steps: readonly SweepStep[], last: number): boolean {
  if (directionBetween(steps, last - 1, last) === "rises") return true;
  return directionBetween(steps, last - 2, last - 1) === "within noise" &&
    directionBetween(steps, last - 2, last) === "rises";
}

function directionBetween(steps: readonly SweepStep[], from: number, to: number) {
  return gainBetween(steps, from, to).direction;
}

/** Compares two steps, the earlier one first. */
function gainBetween(steps: readonly SweepStep[], from: number, to: number): Gain {
  const near = steps.slice(Math.max(0, Math.min(from, to - STEPS_LEVEL)), to + 1);
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

/** Half the width of the interval of the difference of two medians, in operations a second. */
function noiseOfDifference(noise: Noise, before: SweepStep, after: SweepStep): number {
  return studentT975(noise.degreesOfFreedom) * noise.share *
    Math.hypot(errorOfMedian(before), errorOfMedian(after));
}

/**
 * Standard error of a step's median for repeats that vary by their whole size. Medians vary more
 * than means: by a factor of sqrt(pi / 2) where there are many, by less where there are few; of two
 * values they are the same.
 */
function errorOfMedian({ opsPerSecond }: SweepStep): number {
  const factor = opsPerSecond.length > 2 ? Math.sqrt(Math.PI / 2) : 1;
  return factor * median(opsPerSecond) / Math.sqrt(opsPerSecond.length);
}

function levelAt(steps: readonly SweepStep[], place: number): Plateau {
  const { clients, opsPerSecond } = stepAt(steps, place);
  return { clients, opsPerSecond: median(opsPerSecond) };
}

function stepAt(steps: readonly SweepStep[], place: number): SweepStep {
  const step = steps[place];
  if (step === undefined) throw new RangeError(`There is no step ${place}`);
  return step;
}

function sentenceOf(
  verdict: PlateauAnalysis["verdict"],
  { clients, opsPerSecond }: Plateau,
): string {
  const at = `${clientsText(clients)} with ${opsText(opsPerSecond)}`;
  switch (verdict) {
    case "levels out":
      return `Throughput levels out at ${at}: more clients do not raise it by more than noise.`;
    case "falls":
      return `Throughput falls beyond ${at}.`;
    default:
      return `Throughput still rises at the last step, ${at}.`;
  }
}
