/** The randomness of one input. It depends on the seed, the target and the number of the input only. */
import { type Arbitrary, Random as Generator } from "fast-check";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of random choices. */
export interface Random {
  /** A whole number from 0 to below `limit`. All are equally likely. */
  below(limit: number): number;
  /** A value of a generator of fast-check. */
  draw<T>(from: Arbitrary<T>): T;
}

/** The source of one input. */
export function sourceOf(seed: number, target: string, number: number): Random {
  let hash = mix(seed | 0, Math.floor(seed / 2 ** 32));
  for (let at = 0; at < target.length; at++) hash = mix(hash, target.charCodeAt(at));
  hash = mix(mix(hash, number | 0), Math.floor(number / 2 ** 32));
  const generator = new Generator(xoroshiro128plus(hash));
  return {
    below: (limit) => generator.nextInt(0, limit - 1),
    draw: (from) => from.generate(generator, undefined).value,
  };
}

/** True in one of `times` cases. */
export function oneIn(random: Random, times: number): boolean {
  return random.below(times) === 0;
}

/** An element of a list that is not empty. All are equally likely. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const one = list[random.below(list.length)];
  if (one === undefined) throw new RangeError("the list is empty");
  return one;
}

/** Mixes two 32-bit numbers so that each bit depends on all of them (as in MurmurHash3). */
function mix(hash: number, more: number): number {
  let bits = Math.imul(hash, 0x9e3779b1) ^ Math.imul(more + 0x7f4a7c15, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
