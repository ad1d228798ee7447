/**
 * Filters of `/query/...`: an expression of JX in base64, as cctools' programs send it
 * (`catalog_query --where`). What is taken and what it means is in `parser.ts` and `evaluator.ts`.
 */
import { Scope, WorkLimitError } from "./evaluator.ts";
import { JxSyntaxError } from "./lexer.ts";
import { parseExpression } from "./parser.ts";
import { isObject, parseJx } from "./value.ts";

/** Longest filter that is read, in characters. */
const MAX_FILTER_CHARS = 4_096;

/** Whether a record passes; its members as JSON. */
export type Filter = (record: string) => boolean;

/** A filter that passes every record, without a look at it. */
export const PASS_ALL: Filter = (): boolean => true;

/**
 * Reads a filter.
 *
 * @param text with a byte in each character
 * @returns what tells whether a record passes, or undefined where the text is no filter
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
 * Reads base64 as cctools does: up to the first padding, in whole groups of four.
 *
 * @returns a byte in each character; undefined where it is none
 */
export function decodeBase64(text: string): string | undefined {
  const groups = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}=[A-Za-z0-9+/=])?/
    .exec(text)?.[0] ?? "";
  const isWhole = groups.length === text.length || groups.endsWith("=") || groups.at(-2) === "=";
  return isWhole ? atob(groups.replace(/=.?$/, "")) : undefined;
}
