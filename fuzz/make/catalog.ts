/** Generators of catalog listings, updates, HTTP heads and filters. */
import { array, constantFrom, integer, nat, oneof, record, tuple } from "fast-check";
import {
  encodeGoodbye,
  encodeRecord,
  type ServerFacts,
} from "../../lib/catalog/record/server_record.ts";
import { oneIn, type Random } from "../source.ts";
import { atom, json } from "./json.ts";
import { anyBytes, mutate } from "./mutate.ts";
import { list, mostly, oneOf, row, sometimes, type Text } from "./text.ts";

const encoder = new TextEncoder();

/** Members that readers of records use, and some others. */
const NAME = constantFrom(
  ..."type project port address lastheardfrom lifetime owner name version instance".split(" "),
  ..."advertise addresses requires_token uuid x __proto__ t\\u0079pe".split(" "),
  "",
);

const VALUE = constantFrom(
  ...'"hashtable" "me" 1 0 -1 65535 65536 1.5 9123 "192.0.2.7" "fd00::1" true 1e9 1e400'.split(" "),
  ...'"::" "h.test" "<b>" "0.0.0.0" "127.1" "0x7f.1" "::ffff:10.0.0.1" "ff02::1"'.split(" "),
  ...'"fe80::1" "h." "1.2.3.4"'.split(" "),
  ...['"a b"', '["10.0.0.1","fd00::2",7,"a b"]'],
);

/** The facts of a server. */
const FACTS = record({
  project: constantFrom("me-a4-x", "a", "x".repeat(128)),
  port: integer({ min: 1, max: 65_535 }),
  clients: nat(8),
  size: nat(999),
  requiresToken: nat(3).map((n) => n === 0),
  advertise: constantFrom({ advertise: { hostname: "h.test", port: 7 } }, {}, {}, {}),
}).map(({ advertise, ...facts }): ServerFacts => ({
  owner: "me",
  version: "0.1.0",
  instance: "11111111-2222-4333-8444-555555555555",
  lifetimeS: 300,
  startTimeS: 1_700_000_000,
  durability: "fsync always",
  protocol: 1,
  ...facts,
  ...advertise,
}));

/** An update of a server, as the server encodes it. */
const HONEST: Text = tuple(FACTS, nat(7)).map(([facts, kind]) =>
  kind === 0 ? encodeGoodbye(facts) : encodeRecord(facts, ["10.0.0.1", "fd00::1"])
);

/** A record with members of any type, in front of an honest record or after it. */
const ODD: Text = tuple(
  array(row('"', NAME, '":', mostly(VALUE, 3, json(2))), { maxLength: 5, size: "max" }),
  sometimes(2, HONEST.map((text) => text.slice(1, -1))),
  nat(5),
).map(([members, honest, at]) =>
  `{${members.toSpliced(at, 0, ...(honest === "" ? [] : [honest])).join(",")}}`
);

const RECORD: Text = oneof(HONEST, ODD);

/** A record in a listing. A catalog puts its own members in front. */
const LISTED: Text = mostly(
  tuple(RECORD, nat(1_999), nat(255), nat(4)).map(([record, heardS, host, kind]) => {
    if (kind === 0) return record;
    const own = `"name":"h.test","lastheardfrom":${
      1_700_000_000 + heardS
    },"address":"192.0.2.${host}"`;
    return record === "{}" ? `{${own}}` : `{${own},${record.slice(1)}`;
  }),
  12,
  atom,
);

/** A reply to `/query.json`; cctools writes one record on each line. */
const LISTING: Text = mostly(
  row("[\n", list(LISTED, 4, ",\n"), "\n]\n"),
  4,
  row("[", list(LISTED, 4, ","), "]"),
);

/** A listing, in some cases with changed bytes. */
export function listingBytes(random: Random): Uint8Array {
  return oneIn(random, 50) ? anyBytes(random, 60) : perhapsMutated(LISTING, 3, random);
}

const UPDATE: Text = mostly(
  row(RECORD, sometimes(8, constantFrom("\0", "\n", " \0"))),
  300,
  nat(119).map((more) =>
    `{${Array.from({ length: 200 + more }, (_, at) => `"m${at}":${at}`).join(",")}}`
  ),
);

/** An update: one JSON object, in some cases with changed bytes. */
export function updateBytes(random: Random): Uint8Array {
  return oneIn(random, 50) ? anyBytes(random, 60) : perhapsMutated(UPDATE, 3, random);
}

const REQUEST_LINE = constantFrom(
  "GET /query.json HTTP/1.0",
  "GET / HTTP/1.1",
  "HEAD /query.text HTTP/1.1",
  "GET /detail/192.0.2.7%3A1%3Ah.test HTTP/1.0",
  "GET http://h.test:9097/query.json?x HTTP/1.1",
  "GET /query/dHlwZT09Imhhc2h0YWJsZSI= HTTP/1.0",
  "POST / HTTP/1.1",
  "GET /%ff HTTP/1.1",
);

const HEAD: Text = tuple(REQUEST_LINE, nat(3), constantFrom("\r\n", "\r\n", "\n")).map(
  ([line, skipped, end]) => {
    const headers = ["Host: h.test", "Accept: */*", "X: \u00e9"].slice(skipped);
    return [line, ...headers, "", ""].join(end);
  },
);

/** The head of an HTTP request, in most cases with changed bytes. */
export function headBytes(random: Random): Uint8Array {
  const bytes = encoder.encode(random.draw(HEAD));
  return oneIn(random, 4) ? bytes : mutate(bytes, random);
}

const FILTER_WORD = oneOf(
  'type "hashtable" == != < >= && || and or ! not ( ) port 1 -2.5e1 true null "\\x" ' +
    "__proto__ & \0",
);

const FILTER: Text = mostly(
  oneof(...[" ", ""].map((between) => row(FILTER_WORD, between, list(FILTER_WORD, 7, between)))),
  500,
  nat(5_000).map((levels) => "(".repeat(levels)),
);

/** A filter of `catalog_query --where`. */
export function filterText(random: Random): string {
  return random.draw(FILTER);
}

function perhapsMutated(text: Text, times: number, random: Random): Uint8Array {
  const bytes = encoder.encode(random.draw(text));
  return oneIn(random, times) ? mutate(bytes, random) : bytes;
}
