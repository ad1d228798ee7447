/** The reply decoder of the client, with replies of any server. */
import { decodeReply, isFailure, ReplyFormatError } from "../../lib/protocol/decode_reply.ts";
import { constant, nat, oneof, tuple } from "fast-check";
import { anyJson, atom, json, literal, white } from "../make/json.ts";
import { anyBytes, mutate } from "../make/mutate.ts";
import { membersOf, parsed } from "../oracle/json_text.ts";
import { mostly, oneOf, row, sometimes, type Text } from "../make/text.ts";
import { oneIn } from "../source.ts";
import type { PartTarget } from "../target.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param decode the decoder (default: that of the client) */
export function replyTarget(decode: typeof decodeReply = decodeReply): PartTarget {
  return {
    name: "reply",
    input: "reply line",
    share: 15,
    make(random) {
      if (oneIn(random, 30)) return anyBytes(random, 60);
      const line = encoder.encode(random.draw(REPLY));
      return oneIn(random, 3) ? mutate(line, random) : line;
    },
    check(input) {
      const line = decoder.decode(input);
      const actual = outcome(() => decode(line));
      // The decoder cuts the usual line, and does not parse the result.
      if (/^\{"status":"OK","result":[^]*\}$/.test(line)) {
        const result = line.slice('{"status":"OK","result":'.length, -1);
        return actual === `OK ${result} undefined` ? undefined : `it is read as ${actual}`;
      }
      const wanted = expected(line);
      return actual === wanted ? undefined : `it is read as ${actual}, not as ${wanted}`;
    },
  };
}

function outcome(decode: () => ReturnType<typeof decodeReply>): string {
  try {
    const reply = decode();
    return isFailure(reply)
      ? `${reply.type}: ${reply.message}`
      : `OK ${reply.result} ${reply.cursor}`;
  } catch (error) {
    if (error instanceof ReplyFormatError) return "no reply";
    throw error;
  }
}

/** The reply according to JSON.parse. */
function expected(line: string): string {
  const whole = parsed(line)?.value;
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return "no reply";
  const members = new Map(membersOf(line));
  const text = (name: string): string | undefined => {
    const value: unknown = JSON.parse(members.get(name) ?? "null");
    return typeof value === "string" ? value : undefined;
  };
  const status = text("status"), type = text("type"), result = members.get("result");
  if (status === "OK" && result !== undefined) return `OK ${result} ${text("cursor")}`;
  if (status === "ERROR" && type !== undefined) return `${type}: ${text("message") ?? type}`;
  return "no reply";
}

/** A member, which is missing in one of 12 cases. */
function member(name: string, value: Text): Text {
  return mostly(row(white, `"${name}"`, white, ":", value), 12, oneOf(""));
}

/** A value, which is another JSON text in one of 12 cases. */
function wanted(value: Text): Text {
  return mostly(value, 12, json(1));
}

const REST = [sometimes(3, member("id", anyJson)), sometimes(4, member("cursor", wanted(literal)))];
const RESULT = member("result", anyJson);
const TYPE = member("type", wanted(oneOf('"KeyError" "Busy" "x"')));

/** Replies of a success and of a failure, in some cases with members of the other. */
const REPLY: Text = oneof(
  tuple(
    nat(7),
    member("status", wanted(oneOf('"OK"'))),
    ...REST,
    RESULT,
    sometimes(9, TYPE),
  ),
  tuple(
    nat(7),
    member("status", wanted(oneOf('"ERROR"'))),
    ...REST,
    sometimes(9, RESULT),
    TYPE,
    member("message", wanted(atom)),
  ),
).chain(([order, ...texts]) => {
  const there = (texts as string[]).filter((text) => text !== "");
  const members = (order === 0 ? there.reverse() : there).join(",");
  return mostly(constant(`{${members.trim()}}`), 3, row(`{${members}}`, white));
});
