/** The client's reply reader, against servers that say anything. */
import { decodeReply, isFailure, ReplyFormatError } from "../../lib/protocol/decode_reply.ts";
import { atom, json, literal, white } from "../make/json.ts";
import { anyBytes, mutated } from "../make/mutate.ts";
import { membersOf, parsed } from "../oracle/json_text.ts";
import { oneIn, pick, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param decode what is tested (default: the client's) */
export function replyTarget(decode: typeof decodeReply = decodeReply): PartTarget {
  return {
    name: "reply",
    input: "reply line",
    share: 15,
    make(random) {
      if (oneIn(random, 30)) return anyBytes(random, 60);
      const line = encoder.encode(reply(random));
      return oneIn(random, 3) ? mutated(line, random) : line;
    },
    check(input) {
      const line = decoder.decode(input);
      const came = outcome(() => decode(line));
      // The usual line is cut, not parsed: what is between is for the one who asked.
      if (/^\{"status":"OK","result":[^]*\}$/.test(line)) {
        const result = line.slice('{"status":"OK","result":'.length, -1);
        return came === `OK ${result} undefined` ? undefined : `it is read as ${came}`;
      }
      const wanted = expected(line);
      return came === wanted ? undefined : `it is read as ${came}, not as ${wanted}`;
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

/** What JSON.parse makes of a line. */
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

function reply(random: Random): string {
  const members: string[] = [];
  const add = (name: string, value: string) => {
    if (!oneIn(random, 12)) members.push(`${white(random)}"${name}"${white(random)}:${value}`);
  };
  const wanted = (value: string) => oneIn(random, 12) ? json(random, 1) : value;
  const isGood = oneIn(random, 2);
  add("status", wanted(isGood ? '"OK"' : '"ERROR"'));
  if (oneIn(random, 3)) add("id", json(random));
  if (oneIn(random, 4)) add("cursor", wanted(literal(random)));
  if (isGood || oneIn(random, 9)) add("result", json(random));
  if (!isGood || oneIn(random, 9)) {
    add("type", wanted(pick(random, ['"KeyError"', '"Busy"', '"x"'])));
  }
  if (!isGood) add("message", wanted(atom(random)));
  if (oneIn(random, 8)) members.reverse();
  return oneIn(random, 3)
    ? `{${members.join(",")}}${white(random)}`
    : `{${members.join(",").trim()}}`;
}
