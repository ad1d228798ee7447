/** The readers of flag values with units, and the messages for wrong values. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

/** Units of sizes, as powers of ten. */
const SIZE_UNITS = { "": 0, B: 0, KB: 3, MB: 6, GB: 9 } as const;

/** Reads the text of a flag. @throws {InvalidArgumentError} that has the rule */
export type FlagReader<T> = (text: string) => T;

/** Makes a reader of whole numbers from `min` to `max`, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): FlagReader<number> {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    const rule = max === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be ${rule}.`);
  };
}

/** Makes a reader of sizes such as `500MB` (B, KB, MB, GB in powers of 1,000); it returns bytes. */
export function size(min: number, max: number = Number.MAX_SAFE_INTEGER): FlagReader<number> {
  return (text) => {
    const [, digits, fraction = "", unit] = /^(\d+(?:\.(\d+))?)\s*(|B|KB|MB|GB)$/i.exec(text) ?? [];
    if (digits === undefined || unit === undefined) {
      throw new InvalidArgumentError("It must be a size such as 500MB (B, KB, MB or GB).");
    }
    const power = SIZE_UNITS[unit.toUpperCase() as keyof typeof SIZE_UNITS];
    // Decimal fractions are not exact in binary, so the text decides whether it is a whole number.
    const isWhole = fraction.replace(/0*$/, "").length <= power;
    const bytes = Math.round(Number(digits) * 10 ** power);
    if (isWhole && bytes >= min && bytes <= max) return bytes;
    throw new InvalidArgumentError(`It must be from ${sizeText(min)} to ${sizeText(max)}.`);
  };
}

/** Makes a reader of seconds with fractions, such as `0.5`. */
export function seconds(min: number, max: number): FlagReader<number> {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be seconds from ${min} to ${max}, such as 0.5.`);
  };
}

/** Formats a size in the largest unit that is not above it, with at most three decimals. */
export function sizeText(bytes: number): string {
  for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["KB", 1e3]] as const) {
    if (bytes >= factor) return `${Math.round((bytes / factor) * 1e3) / 1e3}${unit}`;
  }
  return `${bytes}B`;
}
