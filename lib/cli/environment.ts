/** The environment variables of a program, which must be UTF-8 text. */
import { UsageError } from "../base/errors.ts";

/**
 * Reads environment variables by name; the result has no member for a variable that is not set.
 *
 * @throws {UsageError} if one is not UTF-8 text
 */
export function environment<Name extends string>(...names: Name[]): Partial<Record<Name, string>> {
  const values: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = variable(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.InvalidData)) throw error;
    throw new UsageError(
      `The environment variable ${name} must be UTF-8 text and has other bytes: set it again, or 'unset ${name}'`,
    );
  }
}
