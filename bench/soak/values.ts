/** Values of all sizes, from random numbers. */
import type { Random } from "../../lib/base/random.ts";

/** The smallest value, in bytes. */
export const MIN_BYTES = 10;

/** Tags of an owner, by which its values can be queried. */
const TAGS = 5;

/** A value as JSON text. */
export interface Value {
  readonly text: string;
  /** The member `tag` of an object; undefined for other values. */
  readonly tag: string | undefined;
}

/** A size up to `maxBytes`. Its logarithm is uniform, so each decade has as many sizes. */
export function anySize(maxBytes: number, random: Random): number {
  const share = random.below(1_000_000) / 1_000_000;
  return Math.round(MIN_BYTES * (maxBytes / MIN_BYTES) ** share);
}

/** One of the tags of an owner. */
export function anyTag(owner: string, random: Random): string {
  return `${owner}-tag-${random.below(TAGS)}`;
}

/** A value of about this size: a string, an array of numbers, or an object with a tag. */
export function anyValue(owner: string, bytes: number, random: Random): Value {
  const kind = random.below(4);
  const digits = anyDigits(bytes, random);
  if (kind === 0) return { text: JSON.stringify(digits), tag: undefined };
  if (kind === 1) return { text: `[${digits},1.0e2]`, tag: undefined };
  const tag = anyTag(owner, random);
  return { text: JSON.stringify({ tag, text: digits }), tag };
}

/** A string of exactly this number of characters. */
export function anyString(bytes: number, random: Random): Value {
  return { text: JSON.stringify(anyDigits(bytes, random)), tag: undefined };
}

function anyDigits(count: number, random: Random): string {
  const digits = `1${random.below(1_000_000_000)}`;
  return digits.repeat(Math.ceil(count / digits.length)).slice(0, Math.max(1, count));
}
