/** Values of all sizes, from a source of random numbers. */
import type { Random } from "../../lib/base/random.ts";

/** Sizes of values, in bytes. */
const MIN_BYTES = 10;
const MAX_BYTES = 1_000_000;

/** Members that values can be queried by: so many different ones for each owner. */
const TAGS = 5;

/** A value as JSON text. */
export interface Value {
  readonly text: string;
  /** Of its member `tag`, where it is an object. */
  readonly tag: string | undefined;
}

/** A size, as likely between 10 and 100 bytes as between 100 and 1,000, and so on up to 1 MB. */
export function anySize(random: Random): number {
  const share = random.below(1_000_000) / 1_000_000;
  return Math.round(MIN_BYTES * (MAX_BYTES / MIN_BYTES) ** share);
}

/** One of an owner's tags. */
export function anyTag(owner: string, random: Random): string {
  return `${owner}-tag-${random.below(TAGS)}`;
}

/** A value of about so many bytes: a string, an array of numbers, or an object with a tag. */
export function anyValue(owner: string, bytes: number, random: Random): Value {
  const number = random.below(1_000_000_000);
  const kind = random.below(4);
  if (kind === 0) return { text: JSON.stringify(filled(number, bytes)), tag: undefined };
  if (kind === 1) return { text: `[${filled(number, bytes)},1.0e2]`, tag: undefined };
  const tag = anyTag(owner, random);
  return { text: JSON.stringify({ tag, number, text: filled(number, bytes) }), tag };
}

/** Digits that differ from number to number. */
function filled(number: number, bytes: number): string {
  const digits = `1${number}`;
  return digits.repeat(Math.ceil(bytes / digits.length)).slice(0, Math.max(1, bytes));
}
