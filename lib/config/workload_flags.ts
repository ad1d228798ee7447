/** The flags of `testperf` for its workload: operations, their shares, and their keys. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

/** Operations in the order of the stages. */
export const OPERATIONS = ["insert", "lookup", "scan", "remove"] as const;

/** Shares of the operations in a mixed workload, in percent. */
export type MixShares = Readonly<Partial<Record<typeof OPERATIONS[number], number>>>;

/** The distribution of the keys of lookups. */
export type KeyDistribution =
  | { readonly kind: "uniform" }
  | { readonly kind: "zipf"; readonly theta: number };

/** Default exponent of Zipf's law: that of the YCSB benchmark. */
const ZIPF_THETA = 0.99;

/** An operation that can be measured. */
export type MeasuredOperation = typeof OPERATIONS[number];

/** Reads a list such as `insert,lookup`; the stages keep their own order. */
export function operationList(text: string): readonly MeasuredOperation[] {
  const names = text.split(",");
  const known = OPERATIONS.filter((name) => names.includes(name));
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(
    `It must be some of ${OPERATIONS.join(",")}, each at most once, separated by commas.`,
  );
}

/** Reads shares such as `lookup=90,insert=10`. */
export function mixShares(text: string): MixShares {
  const shares: Partial<Record<typeof OPERATIONS[number], number>> = {};
  for (const part of text.split(",")) {
    const [, name, digits = ""] = /^([a-z]+)=(\d{1,3}(?:\.\d+)?)$/.exec(part) ?? [];
    const operation = OPERATIONS.find((one) => one === name);
    if (operation === undefined || operation in shares) {
      throw new InvalidArgumentError(
        `It must be shares such as lookup=90,insert=10, each of ${
          OPERATIONS.join(", ")
        } at most once.`,
      );
    }
    shares[operation] = Number(digits);
  }
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 100) > 1e-6) {
    throw new InvalidArgumentError(`The shares must add up to 100, not ${sum}.`);
  }
  if ((shares.remove ?? 0) > (shares.insert ?? 0)) {
    throw new InvalidArgumentError(
      "The share of inserts must be at least that of removes: each remove needs a key.",
    );
  }
  return shares;
}

/** Reads `uniform`, `zipf` or `zipf:THETA`. */
export function keyDistribution(text: string): KeyDistribution {
  if (text === "uniform") return { kind: "uniform" };
  const [isZipf, digits] = /^zipf(?::(\d{1,2}(?:\.\d+)?))?$/.exec(text) ?? [];
  const theta = digits === undefined ? ZIPF_THETA : Number(digits);
  if (isZipf === undefined || !(theta > 0 && theta <= 10)) {
    throw new InvalidArgumentError(
      `It must be uniform, zipf (which is zipf:${ZIPF_THETA}) or zipf:THETA with THETA up to 10.`,
    );
  }
  return { kind: "zipf", theta };
}

/** Reads a prefix of keys: ASCII of known size, without most special characters of a regex. */
export function keyPrefix(text: string): string {
  if (/^[A-Za-z0-9._-]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be 1 to 100 ASCII letters, digits, '.', '_' or '-'.");
}
