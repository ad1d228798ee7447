/** Tests the records that a client reads from a listing. */
import assert from "assert";
import fc from "fast-check";
import { MAX_ANNOUNCED_ADDRESSES, MAX_LISTED_SERVERS } from "../../../lib/base/limits.ts";
import { ListingError, parseListing, readListing } from "../../../lib/catalog/record/listing.ts";
import { isStale, type ServerRecord } from "../../../lib/catalog/record/server_record.ts";

const NOW_S = 1_800_000_000;

const good = {
  name: "host.test",
  lastheardfrom: NOW_S - 10,
  address: "192.0.2.7",
  type: "hashtable",
  owner: "me",
  port: 4_321,
  project: "me-a4-x",
  lifetime: 300,
};

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `listing: ${name}`, permissions: "none", fn });
}

const encoder = new TextEncoder();

function listed(text: string, nowS: number, catalogNowS?: number): ServerRecord[] {
  return parseListing(encoder.encode(text), { nowS, catalogNowS });
}

function projects(text: string): string[] {
  return listed(text, NOW_S).map((record) => record.project);
}

test("returns a record's members, with defaults for missing ones", () => {
  assert.deepEqual(listed(JSON.stringify([good]), NOW_S), [{
    project: "me-a4-x",
    owner: "me",
    address: "192.0.2.7",
    name: "host.test",
    port: 4_321,
    lastheardfrom: NOW_S - 10,
    lifetime: 300,
    addresses: [],
    requiresToken: false,
  }]);
  const { owner: _, lifetime: __, name: ___, ...bare } = good;
  const [record] = listed(JSON.stringify([bare]), NOW_S);
  assert.equal(record?.lifetime, 900);
  assert.equal(record?.name, "192.0.2.7");
});

test("reads the addresses, the ports and the flags of a server", () => {
  const sent = {
    ...good,
    advertise: "h.test",
    "listen_port": 4_322,
    addresses: ["10.0.0.1", 7, "a b", "fd00::2"],
    "requires_token": true,
    tls: true,
  };
  const [record] = listed(JSON.stringify([sent]), NOW_S);
  assert.equal(record?.advertise, "h.test");
  assert.equal(record?.listenPort, 4_322);
  for (const port of [0, 70_000, 1.5, "80", null]) {
    const [bad] = listed(JSON.stringify([{ ...good, "listen_port": port }]), NOW_S);
    assert.ok(bad !== undefined && bad.listenPort === undefined);
  }
  assert.deepEqual(record?.addresses, ["10.0.0.1", "fd00::2"]);
  assert.equal(record?.requiresToken, true);
  assert.equal(record?.tls, true);
});

test("of members with one name, the first one counts", () => {
  const forged = JSON.stringify(good).replace(/\}$/, ',"address":"6.6.6.6","lastheardfrom":9e9}');
  const [record] = listed(`[${forged}]`, NOW_S);
  assert.equal(record?.address, "192.0.2.7");
  assert.equal(record?.lastheardfrom, NOW_S - 10);
});

test("skips records of other types, and bad ones", () => {
  const odd = [
    { ...good, type: "chirp" },
    { ...good, port: "4321" },
    { ...good, port: 70_000 },
    { ...good, port: 1.5 },
    { ...good, project: 7 },
    { ...good, project: "\u001b[31m" },
    { ...good, address: "a b" },
    { ...good, address: undefined },
    7,
    null,
    [],
    "text",
    {},
    { ...good, junk: "j".repeat(100_000) },
  ];
  assert.deepEqual(projects(JSON.stringify([...odd, good, ...odd])), ["me-a4-x"]);
});

test("a record that is not JSON hides no other one", () => {
  const one = JSON.stringify({ ...good, project: "one" });
  const two = JSON.stringify({ ...good, project: "two" });
  const broken = [
    '{"load":nan}',
    '{"load":-inf,"a":[{"x":1},{"y":nan},{"z":1}]}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{"a" 1}',
    '{"a":"}',
    '{"a" ,',
    "{{{",
    "{]",
    "%",
    "",
  ];
  for (const bad of broken) {
    assert.deepEqual(projects(`[\n${one},\n${bad},\n${two}\n]\n`), ["one", "two"], bad);
    assert.deepEqual(projects(`[\n${bad},\n${two}\n]\n`), ["two"], bad);
  }
  assert.deepEqual(projects(`[\n${one},\n{"a":"}\n]\n`), ["one"]);
  const inside = `{{"b":1, ${JSON.stringify(good)},"c":[`;
  assert.deepEqual(projects(`[\n${one},\n${inside},\n${two}\n]\n`), ["one", "two"]);
  for (const end of ["{{]", "{{\n] x", "{{\n]\u00a0"]) {
    assert.throws(() => projects(`[\n${one},\n${end}`), /truncated/, end);
  }
});

test("bytes that are not UTF-8 hide no other record, and are left out", () => {
  const one = JSON.stringify({ ...good, project: "one" });
  const odd = JSON.stringify({ ...good, owner: "?", project: "two" });
  const bytes = encoder.encode(`[${one},${odd},${JSON.stringify(good)}]`)
    .map((byte) => byte === 0x3f ? 0xff : byte);
  const records = parseListing(bytes, { nowS: NOW_S });
  assert.deepEqual(records.map(({ project, owner }) => [project, owner]), [
    ["one", "me"],
    ["two", ""],
    ["me-a4-x", "me"],
  ]);
});

test("reads the first addresses of many", () => {
  const addresses = Array.from({ length: 100 }, (_, at) => `10.0.0.${at}`);
  const [record] = listed(JSON.stringify([{ ...good, addresses }]), NOW_S);
  assert.deepEqual(record?.addresses, addresses.slice(0, MAX_ANNOUNCED_ADDRESSES));
});

test("a truncated reply is an error, at any position", () => {
  const text = JSON.stringify([good, { a: [1, { b: "c" }], d: true }, good]);
  for (let length = 0; length < text.length; length++) {
    assert.throws(() => listed(text.slice(0, length), NOW_S), ListingError, `${length}`);
  }
  assert.equal(projects(text).length, 2);
});

test("a text that is not an array, or has text after it, is an error", () => {
  for (const text of ["{}", "<p>Error 404</p>", "null", "[] x", "[][]"]) {
    assert.throws(() => listed(text, NOW_S), ListingError, text);
  }
  assert.deepEqual(projects(" [ ] "), []);
});

test("a record from the future counts as new", () => {
  const [record] = listed(JSON.stringify([{ ...good, lastheardfrom: 9e15 }]), NOW_S);
  assert.equal(record?.lastheardfrom, NOW_S);
});

test("ages count by the catalog's clock", () => {
  const [record] = listed(JSON.stringify([good]), NOW_S + 5_000, NOW_S);
  assert.equal(record?.lastheardfrom, NOW_S + 5_000 - 10);
});

test("if all records look stale, the clocks disagree, and the newest record counts as new", () => {
  const records = [good, { ...good, lastheardfrom: NOW_S - 500 }];
  const ages = listed(JSON.stringify(records), NOW_S + 5_000)
    .map((record) => NOW_S + 5_000 - record.lastheardfrom);
  assert.deepEqual(ages, [0, 490]);
});

test("a record is stale once older than its lifetime", () => {
  const [record] = listed(JSON.stringify([good]), NOW_S);
  assert.ok(record);
  assert.equal(isStale(record, NOW_S + 290), false);
  assert.equal(isStale(record, NOW_S + 291), true);
});

test("any text is a listing or a ListingError", () => {
  const almost = fc.array(fc.constantFrom(...'[]{},:"\n\\ 1antl', JSON.stringify(good)))
    .map((parts) => "[" + parts.join(""));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), almost), (text) => {
      try {
        listed(text, NOW_S);
      } catch (error) {
        assert.ok(error instanceof ListingError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("other valid JSON hides no good record", () => {
  fc.assert(fc.property(fc.array(fc.json()), fc.array(fc.json()), (before, after) => {
    const text = `[${[...before, JSON.stringify(good), ...after].join(",")}]`;
    assert.deepEqual(projects(text), ["me-a4-x"]);
  }));
});

test("megabytes of broken records take linear time", () => {
  for (const part of ['{"a":nan,', '{"a":', "{,", '"', "\n", "[nan],", ",\n{", '{"x":[1,\n']) {
    const text = "[" + part.repeat(1_000_000 / part.length) + "nan";
    const start = performance.now();
    assert.throws(() => listed(text, NOW_S), ListingError, part);
    assert.ok(performance.now() - start < 5_000, part);
  }
});

test("over the limit of servers, the first wanted ones are read", () => {
  const text = `[${`${JSON.stringify(good)},`.repeat(MAX_LISTED_SERVERS + 1)}${
    JSON.stringify({ ...good, project: "last" })
  }]`;
  assert.equal(projects(text).length, MAX_LISTED_SERVERS);
  const isWanted = ({ project }: ServerRecord) => project === "last";
  assert.equal(parseListing(encoder.encode(text), { nowS: NOW_S, isWanted }).length, 1);
});

test("a million levels, a million members and bad numbers hide no other record", () => {
  const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
  const many = `{${Array.from({ length: 1_000_000 }, (_, at) => `"m${at}":1`).join(",")}}`;
  const odd = [deep, many, "1e999", "-", `"\u0000"`, "\0", `{"port":1e999}`, `{"a":${deep}}`];
  for (const text of odd) {
    assert.deepEqual(projects(`[\n${text},\n${JSON.stringify(good)}\n]`), ["me-a4-x"]);
  }
});

test("readListing reads in slices, with the same result", async () => {
  const text = `[${Array.from({ length: 20_000 }, () => JSON.stringify(good)).join(",\n")}]`;
  const bytes = encoder.encode(text);
  let pauses = 0;
  const timer = setInterval(() => pauses++, 1);
  const never = new AbortController().signal;
  const records = await readListing(bytes, { nowS: NOW_S }, never);
  clearInterval(timer);
  assert.ok(pauses > 5, `${pauses} pauses`);
  assert.deepEqual(records, parseListing(bytes, { nowS: NOW_S }));
  await assert.rejects(readListing(bytes, { nowS: NOW_S }, AbortSignal.abort()));
});

test("skips servers at reserved addresses", () => {
  for (const address of ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1", "0"]) {
    assert.deepEqual(projects(JSON.stringify([{ ...good, address }])), [], address);
    const [record] = listed(
      JSON.stringify([{ ...good, advertise: address, addresses: [address] }]),
      NOW_S,
    );
    assert.equal(record?.advertise, undefined);
    assert.deepEqual(record?.addresses, []);
  }
});
