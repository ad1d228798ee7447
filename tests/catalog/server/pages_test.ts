/** Tests the pages of a catalog, without HTTP. */
import assert from "assert";
import fc from "fast-check";
import { rejection, replyTo } from "../../../lib/catalog/server/pages.ts";
import { type CatalogTime, RecordStore } from "../../../lib/catalog/server/record_store.ts";
import { parseUpdate } from "../../../lib/catalog/server/update_parser.ts";

const NOW_S = 1_800_000_000;

function test(name: string, fn: () => void): void {
  Deno.test({
    name: name.startsWith("fault: ") ? name : `pages: ${name}`,
    permissions: "none",
    fn,
  });
}

const at = (s: number): CatalogTime => ({ unixS: s, monotonicS: s });

const parsed = (text: string) => parseUpdate(new TextEncoder().encode(text));

function storeOf(...records: (object | string)[]): RecordStore {
  const store = new RecordStore(900);
  const from = { address: "192.0.2.1" };
  for (const record of records) {
    const text = typeof record === "string" ? record : JSON.stringify(record);
    store.put(parsed(text), from, at(NOW_S));
  }
  return store;
}

const reply = (path: string, store: RecordStore) =>
  replyTo({ path, url: path }, store, at(NOW_S + 61));

const body = (path: string, store: RecordStore) => [...reply(path, store).parts].join("");

const two = storeOf(
  { type: "hashtable", project: "me-a4-x", port: 1, load: [1, { a: "b" }] },
  { type: "chirp", port: 2 },
);

test("query.json is an array with one record in each line", () => {
  assert.equal(body("/query.json", storeOf()), "[\n\n]\n");
  const text = body("/query.json", two);
  assert.deepEqual(JSON.parse(text).map((record: { port: number }) => record.port), [1, 2]);
  assert.equal(text.split("\n").length, 5);
});

test("query.text has one member in each line, and an empty line after each record", () => {
  const [first] = body("/query.text", two).split("\n\n");
  assert.equal(
    first,
    `name 192.0.2.1\nlastheardfrom ${NOW_S}\naddress 192.0.2.1\ntype hashtable\nproject me-a4-x\nport 1\nload [1,{"a":"b"}]`,
  );
});

test("fault: a filter that does not parse is answered with all records: the reply is 400", () => {
  const count = (filter: string) => JSON.parse(body(`/query/${btoa(filter)}`, two)).length;
  assert.equal(count('project=="me-a4-x"'), 1);
  assert.equal(count("true"), 2);
  assert.equal(count("port+0==1"), 1);
  const bad = {
    "Invalid query text.\n": ["port=", "(up", "escape(type)"].map(btoa),
    "Invalid base-64 encoding.\n": ["%%%", "dHJ1Z", "dHJ1Z===="],
  };
  for (const [reason, filters] of Object.entries(bad)) {
    for (const filter of filters) {
      assert.equal(reply(`/query/${filter}`, two).status, 400, filter);
      assert.equal(body(`/query/${filter}`, two), reason);
    }
  }
});

test("fault: 64-bit integers shown rounded: they are exact in text, in HTML and in a filter", () => {
  const most = "9223372036854775807";
  const store = storeOf(`{"port":1,"most":${most},"list":[${most}],"7":-9223372036854775808}`);
  const [record] = store.list(at(NOW_S));
  assert.match(
    body("/query.text", store),
    new RegExp(`^most ${most}\nlist \\[${most}\\]\n7 -92`, "m"),
  );
  assert.match(body(`/detail/${record?.key}`, store), new RegExp(`<td>${most}</td>`));
  const passing = (filter: string) => JSON.parse(body(`/query/${btoa(filter)}`, store)).length;
  assert.equal(passing(`most==${most}`), 1);
  assert.equal(passing(`most==9223372036854775806`), 0);
  assert.equal(passing(`most-1==9223372036854775806`), 1);
});

test("the table has the age of each record, and a link to all members", () => {
  const text = body("/", two);
  assert.match(text, /<td>me-a4-x<\/td>/);
  assert.match(text, /61 s ago/);
  const link = /href="(\/detail\/[^"]+)"/.exec(text)?.[1] ?? "";
  assert.match(body(decodeURIComponent(link), two), /<th>load<\/th><td>\[1,/);
  assert.equal(body("/query.html", two), text);
});

test("an unknown path is a 404, in which no part of the path is markup", () => {
  for (
    const path of ["/query.json?x", "/query%2ejson", "/query/", "/detail/none", "/<script>\xe9"]
  ) {
    assert.equal(reply(path, two).status, 404);
    const text = body(path, two);
    assert.equal(text.includes("<script>"), false);
    assert.match(text, /^[\x20-\x7e]*$/);
  }
});

test("no part of a record becomes markup, and every page is ASCII", () => {
  const tricky = fc.stringMatching(/^[<>&"'a-z/=\u00e9]{0,20}$/);
  fc.assert(fc.property(fc.dictionary(tricky, tricky), tricky, (members, owner) => {
    const store = storeOf({ port: 1, ...members, owner: `<script>${owner}`, type: `"'><b>` });
    const [record] = store.list(at(NOW_S));
    for (const path of ["/", `/detail/${record?.key}`]) {
      const text = body(path, store);
      const tags = new Set(
        text.slice("<!DOCTYPE html>".length).match(/<[^>]*>/g)?.map((tag) =>
          /^<\/?(\w*)/.exec(tag)?.[1]
        ),
      );
      for (const tag of ["script", "b", ""]) assert.equal(tags.has(tag), false, text);
      assert.match(text, /^[\n\x20-\x7e]*$/);
    }
  }));
});

test("the table ends after 1,000 records, with a link to all", () => {
  const store = storeOf(...Array.from({ length: 1_000 }, (_, i) => ({ port: i + 1 })));
  store.put(parsed('{"port":1}'), { address: "192.0.2.2" }, at(NOW_S));
  assert.match(body("/", store), /1001 records.*The table has the first 1000 records/s);
});

test("a blank in the name of a member becomes '?' in query.text", () => {
  const store = storeOf({
    port: 1,
    "address 192.0.2.66": "x",
    "a\nport": 2,
    "owner": "me\nport 9",
  });
  const lines = body("/query.text", store).split("\n");
  assert.deepEqual(lines.filter((line) => line.startsWith("address ")), ["address 192.0.2.1"]);
  assert.deepEqual(lines.filter((line) => line.startsWith("port ")), ["port 1"]);
});

test("long values are shortened in HTML, and complete in query.json", () => {
  const store = storeOf({ port: 1, owner: "<".repeat(60_000), ["n".repeat(5_000)]: 1 });
  const [record] = store.list(at(NOW_S));
  assert.ok(body("/", store).length < 3_000);
  assert.ok(body(`/detail/${record?.key}`, store).length < 40_000);
  assert.ok(body("/query.json", store).length > 60_000);
});

test("an address with too many requests gets 503 with Retry-After: 1", () => {
  const { status, retryAfterS } = rejection(503);
  assert.deepEqual({ status, retryAfterS }, { status: 503, retryAfterS: 1 });
  assert.equal(rejection(400).retryAfterS, undefined);
});
