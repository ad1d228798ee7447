/** How long things take: stretches of work, each followed by a rest. */

/** Times of a run. */
export interface Pace {
  /** From its first work to its end. */
  readonly wholeS: number;
  /** Work between two rests. */
  readonly workS: number;
  /** Between two looks at memory while there is work. */
  readonly sampleS: number;
}

/** Rests of a run, at the most one each `LONGEST_WORK_S`. */
const RESTS = 12;
const LONGEST_WORK_S = 30;
const SAMPLES_PER_WORK = 6;

/** The times of a run of so many minutes. */
export function paceOf(minutes: number): Pace {
  const wholeS = minutes * 60;
  const workS = Math.min(LONGEST_WORK_S, wholeS / RESTS);
  return { wholeS, workS, sampleS: workS / SAMPLES_PER_WORK };
}
