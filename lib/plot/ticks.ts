/** The ticks and ends of a logarithmic axis: the library chooses too many ticks, or too few. */

/** Maximum length of an axis, in powers of ten, that has ticks also at 2 and 5 times each power. */
const MAX_DECADES_WITH_STEPS = 2.5;

/** Maximum number of ticks. Above it, only every second (third, ...) power of ten has one. */
const MAX_TICKS = 10;

/** The ticks of each power of ten. */
const STEPS = [1, 2, 5] as const;

/** The ends of an axis, and the values of its ticks. */
interface LogTicks {
  readonly domain: readonly [number, number];
  readonly values: readonly number[];
}

/**
 * Chooses the ticks of a logarithmic axis.
 *
 * @param min above 0
 * @param max at least `min`
 * @returns ends that enclose all values: powers of ten, or 2 or 5 times one
 */
export function logTicks(min: number, max: number): LogTicks {
  const steps = stepsAround(min, max);
  const isShort = Math.log10(max / min) <= MAX_DECADES_WITH_STEPS;
  const ticks = steps.filter(({ step }) => isShort || step === 1);
  const every = Math.ceil(ticks.length / MAX_TICKS);
  return {
    domain: [steps[0]?.value ?? min, steps.at(-1)?.value ?? max],
    values: ticks.filter((_, at) => at % every === 0).map(({ value }) => value),
  };
}

/** From the last step at or below `min` to the first step at or above `max`. */
function stepsAround(min: number, max: number): { step: number; value: number }[] {
  const first = Math.floor(Math.log10(min)) - 1; // logarithms are not exact
  const last = Math.ceil(Math.log10(max)) + 1;
  const all = Array.from({ length: last - first + 1 }, (_, at) =>
    // By texts, because 10 ** -3 is not exactly 0.001.
    STEPS.map((step) => ({ step, value: Number(`${step}e${first + at}`) }))).flat();
  const from = Math.max(0, all.findLastIndex(({ value }) => value <= min));
  const to = all.findIndex(({ value }, at) => at > from && value >= max);
  return all.slice(from, to + 1);
}
