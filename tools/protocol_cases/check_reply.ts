/** Compares one reply with what a protocol case expects. */
import { isDeepStrictEqual } from "node:util";
import { membersOf, parsed } from "../../fuzz/oracle/json_text.ts";
import { concatenate, type ExpectedReply } from "./protocol_case.ts";

/** The members of a reply, in order. Those in brackets are optional. */
const ORDER = {
  OK: ["status", "[id]", "[cursor]", "result"],
  ERROR: ["status", "[id]", "type", "message", "[value]"],
} as const;

/** Longest part of a reply in a message, in characters. */
const SHOWN_CHARS = 300;

/**
 * Checks a reply.
 *
 * @param line the reply without its LF
 * @returns the problem, as a sentence; undefined: there is none
 */
export function checkReply(expected: ExpectedReply, line: string): string | undefined {
  const came = `the reply is ${line.slice(0, SHOWN_CHARS)}`;
  if (typeof parsed(line)?.value !== "object") return `a reply must be a JSON object; ${came}`;
  const members = new Map(membersOf(line));
  const compact = [...members].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join();
  if (`{${compact}}` !== line) return `a reply must be compact, with each member once; ${came}`;
  const { status = "OK" } = expected;
  if (members.get("status") !== JSON.stringify(status)) return `not ${status}: ${came}`;
  const order = ORDER[status].filter((name) => !name.startsWith("[") || members.has(bare(name)));
  if (!isDeepStrictEqual([...members.keys()], order.map(bare))) {
    return `the members of a reply must be ${ORDER[status].join(", ")}; ${came}`;
  }
  if (members.get("id") !== expected.id_text) return `the id is not ${expected.id_text}; ${came}`;
  return status === "ERROR"
    ? checkError(expected, members, came)
    : checkResult(expected, members.get("result") ?? "", came);
}

function bare(name: string): string {
  return name.replace(/[[\]]/g, "");
}

function checkError(
  { type }: ExpectedReply,
  members: ReadonlyMap<string, string>,
  came: string,
): string | undefined {
  if (type !== undefined && members.get("type") !== JSON.stringify(type)) {
    return `not ${type}: ${came}`;
  }
  const message: unknown = JSON.parse(members.get("message") ?? "null");
  return typeof message === "string" && message !== "" ? undefined : `no message: ${came}`;
}

function checkResult(expected: ExpectedReply, text: string, came: string): string | undefined {
  const exact = expected.result_text ??
    (expected.result_concat && concatenate(expected.result_concat));
  if (exact !== undefined && text !== exact) {
    return `the result is not ${exact.slice(0, SHOWN_CHARS)}; ${came}`;
  }
  const result: unknown = JSON.parse(text);
  if ("result" in expected && !isDeepStrictEqual(result, expected.result)) {
    return `the result is not ${JSON.stringify(expected.result)}; ${came}`;
  }
  if (expected.pairs !== undefined && !areSamePairs(result, expected.pairs)) {
    return `the pairs are not ${JSON.stringify(expected.pairs)}; ${came}`;
  }
  const { result_type: type } = expected;
  if (type !== undefined && typeOf(result) !== type) return `the result is no ${type}; ${came}`;
  const missing = (expected.has ?? []).find((name) => !Object.hasOwn(Object(result), name));
  return missing === undefined ? undefined : `the result has no member ${missing}; ${came}`;
}

function areSamePairs(result: unknown, pairs: readonly unknown[]): boolean {
  if (!Array.isArray(result)) return false;
  const sorted = (list: readonly unknown[]) => list.map((pair) => JSON.stringify(pair)).sort();
  return isDeepStrictEqual(sorted(result), sorted(pairs));
}

function typeOf(result: unknown): ExpectedReply["result_type"] {
  if (typeof result === "string") return "str";
  if (Array.isArray(result)) return "list";
  if (Number.isInteger(result)) return "int";
  return typeof result === "object" && result !== null ? "object" : undefined;
}
