/** Makes what catalogs list and what they are sent. */
import {
  encodeGoodbye,
  encodeRecord,
  type ServerFacts,
} from "../../lib/catalog/record/server_record.ts";
import { oneIn, pick, type Random } from "../source.ts";
import { atom, json } from "./json.ts";
import { anyBytes, mutated } from "./mutate.ts";

const encoder = new TextEncoder();

/** Members that readers of records look at. */
const MEMBERS = [
  ...[
    "type",
    "project",
    "port",
    "address",
    "lastheardfrom",
    "lifetime",
    "owner",
    "name",
    "version",
  ],
  ...[
    "instance",
    "advertise",
    "addresses",
    "requires_token",
    "uuid",
    "x",
    "",
    "__proto__",
    "t\\u0079pe",
  ],
];

const VALUES = [
  ...[
    '"hashtable"',
    '"me"',
    "1",
    "0",
    "-1",
    "65535",
    "65536",
    "1.5",
    "9123",
    '"192.0.2.7"',
    '"fd00::1"',
  ],
  ...[
    '"a b"',
    "true",
    "1e9",
    "1e400",
    '["10.0.0.1","fd00::2",7,"a b"]',
    '"::"',
    '"h.test"',
    '"<b>"',
  ],
  ...[
    '"0.0.0.0"',
    '"127.1"',
    '"0x7f.1"',
    '"::ffff:10.0.0.1"',
    '"ff02::1"',
    '"fe80::1"',
    '"h."',
    '"1.2.3.4"',
  ],
];

/** An update as servers send it. */
function honest(random: Random): string {
  const facts: ServerFacts = {
    project: pick(random, ["me-a4-x", "a", "x".repeat(128)]),
    owner: "me",
    port: 1 + random.below(65_535),
    version: "0.1.0",
    instance: "11111111-2222-4333-8444-555555555555",
    lifetimeS: 300,
    startTimeS: 1_700_000_000,
    clients: random.below(9),
    size: random.below(1_000),
    durability: "fsync always",
    requiresToken: oneIn(random, 4),
    protocol: 1,
    ...(oneIn(random, 4) && { advertise: { hostname: "h.test", port: 7 } }),
  };
  return (oneIn(random, 8) ? encodeGoodbye : encodeRecord)(facts, ["10.0.0.1", "fd00::1"]);
}

/** A record of anyone, with members of any type. */
function odd(random: Random): string {
  const members: string[] = oneIn(random, 2) ? [honest(random).slice(1, -1)] : [];
  for (let left = random.below(6); left > 0; left--) {
    const value = oneIn(random, 3) ? json(random, 2) : pick(random, VALUES);
    const member = `"${pick(random, MEMBERS)}":${value}`;
    if (oneIn(random, 2)) members.push(member);
    else members.unshift(member);
  }
  return `{${members.join(",")}}`;
}

function record(random: Random): string {
  return oneIn(random, 2) ? honest(random) : odd(random);
}

/** A reply to `/query.json`, as cctools writes it: one record a line, the catalog's members in front. */
export function listingBytes(random: Random): Uint8Array {
  if (oneIn(random, 50)) return anyBytes(random, 60);
  const records: string[] = [];
  for (let left = random.below(5); left > 0; left--) {
    if (oneIn(random, 12)) records.push(atom(random));
    else {
      const heardS = 1_700_000_000 + random.below(2_000);
      const rest = record(random).slice(1);
      const seen = `{"name":"h.test","lastheardfrom":${heardS},"address":"192.0.2.${
        random.below(256)
      }"`;
      records.push(oneIn(random, 5) ? `{${rest}` : rest === "}" ? `${seen}}` : `${seen},${rest}`);
    }
  }
  const text = oneIn(random, 4) ? `[${records.join(",")}]` : `[\n${records.join(",\n")}\n]\n`;
  const bytes = encoder.encode(text);
  return oneIn(random, 3) ? mutated(bytes, random) : bytes;
}

/** An update: one JSON object, or what became of it. */
export function updateBytes(random: Random): Uint8Array {
  if (oneIn(random, 50)) return anyBytes(random, 60);
  if (oneIn(random, 300)) {
    const members = Array.from({ length: 200 + random.below(120) }, (_, at) => `"m${at}":${at}`);
    return encoder.encode(`{${members.join(",")}}`);
  }
  const bytes = encoder.encode(
    record(random) + (oneIn(random, 8) ? pick(random, ["\0", "\n", " \0"]) : ""),
  );
  return oneIn(random, 3) ? mutated(bytes, random) : bytes;
}

const LINES = [
  "GET /query.json HTTP/1.0",
  "GET / HTTP/1.1",
  "HEAD /query.text HTTP/1.1",
  "GET /detail/192.0.2.7%3A1%3Ah.test HTTP/1.0",
  "GET http://h.test:9097/query.json?x HTTP/1.1",
  "GET /query/dHlwZT09Imhhc2h0YWJsZSI= HTTP/1.0",
  "POST / HTTP/1.1",
  "GET /%ff HTTP/1.1",
] as const;

/** The head of an HTTP request. */
export function headBytes(random: Random): Uint8Array {
  const end = pick(random, ["\r\n", "\r\n", "\n"]);
  const headers = ["Host: h.test", "Accept: */*", "X: \u00e9"].slice(random.below(4));
  const bytes = encoder.encode([pick(random, LINES), ...headers, "", ""].join(end));
  return oneIn(random, 4) ? bytes : mutated(bytes, random);
}

/** A filter as `catalog_query --where` takes it. */
export function filterText(random: Random): string {
  const parts: string[] = [];
  for (let left = 1 + random.below(8); left > 0; left--) {
    parts.push(
      pick(random, [
        "type",
        '"hashtable"',
        "==",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        "and",
        "or",
        "!",
        "not",
        "(",
        ")",
        "port",
        "1",
        "-2.5e1",
        "true",
        "null",
        '"\\x"',
        "__proto__",
        "&",
        "\0",
      ]),
    );
  }
  return oneIn(random, 500) ? "(".repeat(random.below(5_000)) : parts.join(pick(random, [" ", ""]));
}
