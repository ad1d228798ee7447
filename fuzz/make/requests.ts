/** Generators of request lines: those of clients, valid variants, and invalid ones. */
import { constantFrom, nat, oneof, option, record, tuple } from "fast-check";
import { encodeRequest } from "../../lib/protocol/encode_request.ts";
import { oneIn, type Random } from "../source.ts";
import { anyJson, atom, json, literal, number, white } from "./json.ts";
import { anyBytes, mutate } from "./mutate.ts";
import { mostly, oneOf, row, sometimes, type Text } from "./text.ts";

const encoder = new TextEncoder();

const REGEXES = constantFrom(
  ...["", "^k1", "k", "a", "1$", "^k[0-4]$", "k[12]?0", "^$", "x+y*", "\\d", "(?i)K", "^(k1|k2)$"],
  ...[".", "\\p{L}", "[^k]", "\\x00", "(", "*", "a**", "(?=a)", "\\1", "[z-a]", "a{1001}"],
  ...["(a*)*b", "(a|a)*$", "(((a{30}){30}){30})", "(x+x+)+y", "((k?){50})k{50}", "(?P<n>k)\\d"],
);

/** The longest key or value, in characters. */
const LONG = nat(30_000);

/** Sixty keys, so that requests often use the same one. */
const KEY = nat(59).map((n) => `k${n}`);

const KEY_LITERAL = oneof(
  { weight: 9, arbitrary: KEY.map((key) => `"${key}"`) },
  { weight: 1, arbitrary: literal },
  {
    weight: 1,
    arbitrary: constantFrom(
      ...['""', '"__proto__"', '"\\u006b1"', '"constructor"', '"\\u0000"', '"k1 "'],
    ),
  },
  { weight: 1, arbitrary: mostly(oneOf('"long"'), 30, LONG.map((n) => `"${"k".repeat(n)}"`)) },
);

const LIMIT = option(nat(19).map((limit) => limit + 1), { freq: 1, nil: undefined });

/** The requests of a client, as it encodes them. */
const FROM_CLIENT = oneof(
  {
    weight: 6,
    arbitrary: tuple(KEY, anyJson).map(([key, value]) =>
      encodeRequest({ method: "insert", key, value })
    ),
  },
  { weight: 3, arbitrary: KEY.map((key) => encodeRequest({ method: "lookup", key })) },
  { weight: 3, arbitrary: KEY.map((key) => encodeRequest({ method: "remove", key })) },
  {
    weight: 1,
    arbitrary: record({ regex: REGEXES, limit: LIMIT }).map((search) =>
      encodeRequest({ method: "scan", ...search })
    ),
  },
  {
    weight: 1,
    arbitrary: record({ subvalue: atom, limit: LIMIT }).map((search) =>
      encodeRequest({ method: "query", subkey: "a", ...search })
    ),
  },
  {
    weight: 1,
    arbitrary: constantFrom("size", "ping", "info").map((method) => encodeRequest({ method })),
  },
  {
    weight: 1,
    arbitrary: constantFrom("fuzz", "other").map((project) =>
      encodeRequest({ method: "hello", project })
    ),
  },
);

/** A member, which is missing in one of 40 cases. */
function member(name: Text | string, value: Text): Text {
  return mostly(row(white, '"', name, '"', white, ":", white, value, white), 40, oneOf(""));
}

/** A value, which is another JSON text in one of 15 cases. */
function wanted(value: Text): Text {
  return mostly(value, 15, json(1));
}

const SEARCH: readonly Text[] = [
  sometimes(2, member("limit", wanted(mostly(nat(8).map((n) => String(n + 1)), 4, number)))),
  sometimes(20, member("cursor", wanted(oneOf('"c1"')))),
];

/** Text near the limit of 64 characters, which counts a character beyond 16 bits once. */
const AGENT = mostly(
  literal,
  2,
  tuple(constantFrom("a", "\u{1f600}"), nat(7)).map(([character, more]) =>
    JSON.stringify(character.repeat(60 + more))
  ),
);

/** The members of each method, and its weight. */
const METHODS: Readonly<Record<string, readonly [weight: number, ...members: Text[]]>> = {
  insert: [
    4,
    member("key", wanted(KEY_LITERAL)),
    member("value", mostly(anyJson, 300, LONG.map((n) => `"${"v".repeat(n)}"`))),
  ],
  lookup: [3, member("key", wanted(KEY_LITERAL))],
  remove: [2, member("key", wanted(KEY_LITERAL))],
  scan: [1, member("regex", wanted(REGEXES.map((regex) => JSON.stringify(regex)))), ...SEARCH],
  query: [
    1,
    member("subkey", wanted(mostly(oneOf('"a"'), 3, literal))),
    member("subvalue", wanted(atom)),
    ...SEARCH,
  ],
  size: [1],
  ping: [1],
  info: [1],
  hello: [
    1,
    sometimes(2, member("project", wanted(oneOf('"fuzz" "fu\\u007az" "other"')))),
    sometimes(4, member("token", wanted(literal))),
    sometimes(4, member("agent", wanted(AGENT))),
  ],
};

const NO_METHODS = oneOf('"INSERT" "toString" "__proto__" "" "pings" 1 null []');

/** A name with its first character as an escape. */
function escapedName(name: string): string {
  return `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}`;
}

/** Requests of the grammar. Members can be missing, twice, misspelt or of another type. */
const FROM_GRAMMAR = oneof(
  ...Object.entries(METHODS).map(([name, [weight, ...own]]) => {
    const method = mostly(oneOf(`"${name}"`), 20, oneOf(`"${escapedName(name)}"`));
    const members = [
      member("method", mostly(method, 30, NO_METHODS)),
      sometimes(4, member("id", anyJson)),
      ...own,
      sometimes(6, member(oneOf("key k\\u0065y x __proto__ id"), json(1))),
    ];
    const object = tuple(nat(5), ...members).map(([order, ...texts]) => {
      const there = (texts as string[]).filter((text) => text !== "");
      return `{${(order === 0 ? there.reverse() : there).join(",")}}`;
    });
    return { weight, arbitrary: row(white, object, white, "\n") };
  }),
);

/** One input: a request line with its LF, changed bytes of one, or random bytes. */
export function requestBytes(random: Random): Uint8Array {
  const kind = random.below(32);
  if (kind === 0) return anyBytes(random, 60);
  const line = encoder.encode(random.draw(oneIn(random, 3) ? FROM_CLIENT : FROM_GRAMMAR));
  return kind < 8 ? mutate(line, random) : line;
}
