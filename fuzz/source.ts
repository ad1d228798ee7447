/** Where the randomness of one input comes from: the same for the same seed, target and number. */
import { type Random, randomFrom } from "../lib/base/random.ts";

export type { Random } from "../lib/base/random.ts";

/** The random numbers of one input. */
export function sourceOf(seed: number, target: string, number: number): Random {
  let hash = mixed(seed | 0, Math.floor(seed / 2 ** 32));
  for (let at = 0; at < target.length; at++) hash = mixed(hash, target.charCodeAt(at));
  return randomFrom(mixed(mixed(hash, number | 0), Math.floor(number / 2 ** 32)));
}

/** True once in so many times. */
export function oneIn(random: Random, times: number): boolean {
  return random.below(times) === 0;
}

/** One of a list that is not empty, each as likely. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const one = list[random.below(list.length)];
  if (one === undefined) throw new RangeError("there is nothing to choose from");
  return one;
}

/** Two numbers of 32 bits as one, in which each bit depends on all of them (as in MurmurHash3). */
function mixed(hash: number, more: number): number {
  let bits = Math.imul(hash, 0x9e3779b1) ^ Math.imul(more + 0x7f4a7c15, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
