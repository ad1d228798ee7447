/** Makes request lines: what clients send, what they could send, and what nobody should. */
import { encodeRequest } from "../../lib/protocol/encode_request.ts";
import { oneIn, pick, type Random } from "../source.ts";
import { atom, json, literal, number, white } from "./json.ts";
import { anyBytes, mutated } from "./mutate.ts";

const encoder = new TextEncoder();

const METHODS = [
  ...["insert", "insert", "insert", "insert", "lookup", "lookup", "lookup", "remove", "remove"],
  ...["scan", "query", "size", "ping", "info", "hello"],
];

/** Names that are nearly methods. */
const NO_METHODS = [
  '"INSERT"',
  '"toString"',
  '"__proto__"',
  '""',
  '"pings"',
  "1",
  "null",
  "[]",
] as const;

const REGEXES = [
  ...["", "^k1", "k", "a", "1$", "^k[0-4]$", "k[12]?0", "^$", "x+y*", "\\d", "(?i)K", "^(k1|k2)$"],
  ...[".", "\\p{L}", "[^k]", "\\x00", "(", "*", "a**", "(?=a)", "\\1", "[z-a]", "a{1001}"],
  ...["(a*)*b", "(a|a)*$", "(((a{30}){30}){30})", "(x+x+)+y", "((k?){50})k{50}", "(?P<n>k)\\d"],
];

/** Longest line that a grammar-made request is blown up to, in characters. */
const LONG = 30_000;

/** A key's literal: often one that others use, too. */
export function keyLiteral(random: Random): string {
  switch (random.below(12)) {
    case 0:
      return literal(random);
    case 1:
      return pick(random, [
        '""',
        '"__proto__"',
        '"\\u006b1"',
        '"constructor"',
        '"\\u0000"',
        '"k1 "',
      ]);
    case 2:
      return oneIn(random, 30) ? `"${"k".repeat(random.below(LONG))}"` : '"long"';
    default:
      return `"k${random.below(60)}"`;
  }
}

/** What an honest client sends, as it writes it. */
function fromClient(random: Random): string {
  const key: string = `k${random.below(60)}`;
  const limit = oneIn(random, 2) ? undefined : 1 + random.below(20);
  switch (random.below(16)) {
    case 0:
      return encodeRequest({ method: "scan", regex: pick(random, REGEXES), limit });
    case 1:
      return encodeRequest({ method: "query", subkey: "a", subvalue: atom(random), limit });
    case 2:
      return encodeRequest({ method: pick(random, ["size", "ping", "info"]) });
    case 3:
      return encodeRequest({ method: "hello", project: pick(random, ["fuzz", "other"]) });
    case 4:
    case 5:
    case 6:
      return encodeRequest({ method: "remove", key });
    case 7:
    case 8:
    case 9:
      return encodeRequest({ method: "lookup", key });
    default:
      return encodeRequest({ method: "insert", key, value: json(random) });
  }
}

/** A request of the grammar, where anything may be left out, twice, misspelt or of another type. */
function fromGrammar(random: Random): string {
  const members: string[] = [];
  const add = (name: string, value: string) => {
    if (oneIn(random, 40)) return;
    members.push(
      `${white(random)}"${name}"${white(random)}:${white(random)}${value}${white(random)}`,
    );
  };
  const wanted = (value: string) => oneIn(random, 15) ? json(random, 1) : value;
  const method = pick(random, METHODS);
  add("method", oneIn(random, 30) ? pick(random, NO_METHODS) : methodLiteral(random, method));
  if (oneIn(random, 4)) add("id", json(random));
  if (method === "insert" || method === "lookup" || method === "remove") {
    add("key", wanted(keyLiteral(random)));
    if (method === "insert") {
      add("value", oneIn(random, 300) ? `"${"v".repeat(random.below(LONG))}"` : json(random));
    }
  } else if (method === "scan" || method === "query") {
    if (method === "scan") add("regex", wanted(JSON.stringify(pick(random, REGEXES))));
    else {
      add("subkey", wanted(oneIn(random, 3) ? literal(random) : '"a"'));
      add("subvalue", wanted(atom(random)));
    }
    if (oneIn(random, 2)) {
      add("limit", wanted(oneIn(random, 4) ? number(random) : `${1 + random.below(9)}`));
    }
    if (oneIn(random, 20)) add("cursor", wanted('"c1"'));
  } else if (method === "hello") {
    if (oneIn(random, 2)) {
      add("project", wanted(pick(random, ['"fuzz"', '"fu\\u007az"', '"other"'])));
    }
    if (oneIn(random, 4)) add("token", wanted(literal(random)));
    if (oneIn(random, 4)) add("agent", wanted(agent(random)));
  }
  if (oneIn(random, 6)) {
    add(pick(random, ["key", "k\\u0065y", "x", "__proto__", "id"]), json(random, 1));
  }
  if (oneIn(random, 6)) members.reverse();
  return `${white(random)}{${members.join(",")}}${white(random)}\n`;
}

/** Near the limit, which counts characters beyond 16 bits once. */
function agent(random: Random): string {
  if (oneIn(random, 2)) return literal(random);
  return JSON.stringify(pick(random, ["a", "\u{1f600}"]).repeat(60 + random.below(8)));
}

function methodLiteral(random: Random, method: string): string {
  return oneIn(random, 20) ? `"\\u${hex(method.charCodeAt(0))}${method.slice(1)}"` : `"${method}"`;
}

function hex(code: number): string {
  return code.toString(16).padStart(4, "0");
}

/** One input: a request line with its LF, or what became of one. */
export function requestBytes(random: Random): Uint8Array {
  const kind = random.below(32);
  if (kind === 0) return anyBytes(random, 60);
  const line = encoder.encode(oneIn(random, 3) ? fromClient(random) : fromGrammar(random));
  return kind < 8 ? mutated(line, random) : line;
}
