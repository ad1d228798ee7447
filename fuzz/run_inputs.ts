/** The run of a range of inputs of a target in this process. */
import { messageOf } from "../lib/base/errors.ts";
import { type Random, sourceOf } from "./source.ts";
import { type Finding, isServerTarget, type PartTarget, type Target } from "./target.ts";

/** The inputs to run. */
export interface Range {
  readonly seed: number;
  /** The number of the first input. */
  readonly first: number;
  /** The number of inputs. */
  readonly count: number;
}

/** Reports progress, and can end a run early. */
export interface Watch {
  /** The inputs between two calls of `onProgress`. */
  readonly step: number;
  /** @returns whether to continue */
  onProgress(next: number): boolean | Promise<boolean>;
}

/** The suffix of a target's name for a second random source: for choices that are not part of the input. */
const BESIDE = " beside";

/** Maximum number of attempts to make an input smaller. */
const SHRINK_TRIES = 2_000;

/**
 * Runs inputs until one has a finding.
 *
 * @param watch (default: runs all inputs)
 * @returns the finding, and the number of inputs that were run
 */
export function runInputs(
  target: Target,
  range: Range,
  watch: Watch = { step: Infinity, onProgress: () => true },
): Promise<{ finding: Finding | undefined; done: number }> {
  return isServerTarget(target) ? runRounds(target, range, watch) : runParts(target, range, watch);
}

async function runParts(
  target: PartTarget,
  { seed, first, count }: Range,
  { step, onProgress }: Watch,
): Promise<{ finding: Finding | undefined; done: number }> {
  for (let number = first; number < first + count; number++) {
    if ((number - first) % step === 0 && !(await onProgress(number))) {
      return { finding: undefined, done: number - first };
    }
    const input = target.make(sourceOf(seed, target.name, number));
    const beside = () => sourceOf(seed, target.name + BESIDE, number);
    const problem = problemOf(target, input, beside());
    const found = problem instanceof Promise ? await problem : problem;
    if (found === undefined) continue;
    const finding = { number, ...(await shrink(target, input, found, beside)) };
    return { finding, done: number - first + 1 };
  }
  return { finding: undefined, done: count };
}

async function runRounds(
  target: Extract<Target, { roundInputs: number }>,
  { seed, first, count }: Range,
  { onProgress }: Watch,
): Promise<{ finding: Finding | undefined; done: number }> {
  const end = first + count;
  let at = first - first % target.roundInputs; // The effect of an input depends on those before it.
  await using rounds = await target.open();
  for (let next = at; at < end; at = next) {
    if (!(await onProgress(at))) break;
    next = Math.min(end, at + target.roundInputs);
    const finding = await rounds.round(seed, at, next - at);
    if (finding) return { finding, done: Math.max(0, finding.number - first + 1) };
  }
  return { finding: undefined, done: Math.max(0, Math.min(at, end) - first) };
}

/** The problem of an input. An error that the check throws is a problem, too. */
function problemOf(
  target: PartTarget,
  input: Uint8Array,
  random: Random,
): string | undefined | Promise<string | undefined> {
  try {
    const problem = target.check(input, random);
    return problem instanceof Promise ? problem.catch(describeThrown) : problem;
  } catch (error) {
    return describeThrown(error);
  }
}

function describeThrown(error: unknown): string {
  return `it threw ${error instanceof Error ? error.name : "something"}: ${messageOf(error)}`;
}

/** Removes parts of an input while it still has a problem. */
async function shrink(
  target: PartTarget,
  input: Uint8Array,
  problem: string,
  beside: () => Random,
): Promise<Pick<Finding, "problem" | "input">> {
  let tries = 0;
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= input.length && tries < SHRINK_TRIES;) {
      tries++;
      const shorter = new Uint8Array(input.length - size);
      shorter.set(input.subarray(0, at));
      shorter.set(input.subarray(at + size), at);
      const still = await problemOf(target, shorter, beside());
      if (still === undefined) at += size;
      else [input, problem] = [shorter, still];
    }
  }
  return { problem, input };
}
