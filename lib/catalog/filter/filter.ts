/**
 * The filter of `/query/...`: a JX expression in base64, as the programs of cctools send it
 * (`catalog_query --where`). `parser.ts` has its syntax, `evaluator.ts` its meaning.
 */
import { JxSyntaxError } from "./lexer.ts";
import { parseExpression } from "./parser.ts";
import { Scope, WorkLimitError } from "./scope.ts";
import { isObject, parseJx } from "./value.ts";

/** Longest filter, in characters. */
const MAX_FILTER_CHARS = 4_096;

/** A test of a record, which is a JSON object. */
export type Filter = (record: string) => boolean;

/** A filter that every record passes, without parsing it. */
export const PASS_ALL: Filter = (): boolean => true;

/**
 * Parses a filter.
 *
 * @param text with a byte in each character
 * @returns undefined if the text is not a filter
 */
export function parseFilter(text: string): Filter | undefined {
  if (text === "true") return PASS_ALL;
  if (text.length > MAX_FILTER_CHARS) return undefined;
  try {
    const { evaluate } = parseExpression(text);
    return (record) => {
      const members = parseJx(record);
      return isObject(members) && passes(() => evaluate(new Scope(members)));
    };
  } catch (error) {
    if (error instanceof JxSyntaxError) return undefined;
    throw error;
  }
}

function passes(evaluate: () => unknown): boolean {
  try {
    return evaluate() === true;
  } catch (error) {
    if (error instanceof WorkLimitError) return false;
    throw error;
  }
}

/**
 * Decodes base64 as cctools does: up to the first padding, in whole groups of four characters.
 *
 * @returns a byte in each character; undefined if the text is not base64
 */
export function decodeBase64(text: string): string | undefined {
  const groups = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}=[A-Za-z0-9+/=])?/
    .exec(text)?.[0] ?? "";
  const isWhole = groups.length === text.length || groups.endsWith("=") || groups.at(-2) === "=";
  return isWhole ? atob(groups.replace(/=.?$/, "")) : undefined;
}
