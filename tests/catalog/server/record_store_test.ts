/** Tests the records that a catalog lists, and those that it removes. */
import assert from "assert";
import { type CatalogTime, RecordStore } from "../../../lib/catalog/server/record_store.ts";
import { parseUpdate, type Update } from "../../../lib/catalog/server/update_parser.ts";

const NOW_S = 1_800_000_000;
const HERE = "192.0.2.1";
const roomy = { records: 1_000, perAddress: 1_000, chars: 1_000_000 };

function test(name: string, fn: () => void): void {
  Deno.test({
    name: name.startsWith("fault: ") ? name : `record store: ${name}`,
    permissions: "none",
    fn,
  });
}

/** A moment, by both clocks. */
const at = (s: number): CatalogTime => ({ unixS: s, monotonicS: s });
const putUpdate = (store: RecordStore, update: Update, address: string, nowS: number) =>
  store.put(update, { address }, at(nowS));
const parsed = (text: string) => parseUpdate(new TextEncoder().encode(text));
const update = (port: number, more: object = {}) => parsed(JSON.stringify({ port, ...more }));
const ports = (store: RecordStore, nowS = NOW_S) =>
  store.list(at(nowS)).map(({ text }) => JSON.parse(text).port).sort((a, b) => a - b);

test("puts the members that the catalog adds first", () => {
  const store = new RecordStore(900);
  const record = putUpdate(store, update(7, { name: "h.test", type: "t" }), HERE, NOW_S);
  assert.equal(
    record.text,
    `{"name":"h.test","lastheardfrom":${NOW_S},"address":"${HERE}","port":7,"type":"t"}`,
  );
  assert.equal(record.key, `${HERE}:7:h.test`);
  assert.equal(store.get(record.key, at(NOW_S)), record);
});

test("a record without members of its own is valid JSON", () => {
  const store = new RecordStore(900);
  assert.equal(JSON.parse(putUpdate(store, parsed("{}"), HERE, NOW_S).text).name, HERE);
});

test("the last record of a key replaces the others", () => {
  const store = new RecordStore(900);
  putUpdate(store, update(7, { size: 1 }), HERE, NOW_S);
  putUpdate(store, update(7, { size: 2 }), HERE, NOW_S);
  putUpdate(store, update(7, { uuid: "u" }), HERE, NOW_S);
  putUpdate(store, update(7), "192.0.2.2", NOW_S);
  assert.deepEqual(store.list(at(NOW_S)).map(({ key }) => key), [
    `${HERE}:7:${HERE}`,
    `${HERE}:7:${HERE}:u`,
    "192.0.2.2:7:192.0.2.2",
  ]);
  assert.equal(JSON.parse(store.list(at(NOW_S))[0]?.text ?? "").size, 2);
});

test("a record expires after its own lifetime or the catalog's; a goodbye expires at once", () => {
  const store = new RecordStore(900);
  putUpdate(store, update(1, { lifetime: 1 }), HERE, NOW_S);
  putUpdate(store, update(2, { lifetime: 5_000 }), HERE, NOW_S);
  putUpdate(store, update(3), HERE, NOW_S);
  const { key } = putUpdate(store, update(4, { lifetime: 100 }), HERE, NOW_S);
  assert.deepEqual(ports(store), [1, 2, 3, 4]);
  assert.deepEqual(ports(store, NOW_S + 2), [2, 3, 4]);
  assert.equal(store.get(key, at(NOW_S + 101)), undefined);
  assert.deepEqual(ports(store, NOW_S + 900), [2, 3]);
  assert.deepEqual(ports(store, NOW_S + 901), []);
});

test("over the number of records, the one with the oldest update is removed", () => {
  const store = new RecordStore(900, { ...roomy, records: 2 });
  putUpdate(store, update(1), HERE, NOW_S);
  putUpdate(store, update(2), HERE, NOW_S);
  putUpdate(store, update(1), HERE, NOW_S);
  putUpdate(store, update(3), HERE, NOW_S);
  assert.deepEqual(ports(store), [1, 3]);
});

test("over the number for one address, a record of that address is removed", () => {
  const store = new RecordStore(900, { ...roomy, perAddress: 2 });
  putUpdate(store, update(9), "192.0.2.9", NOW_S);
  for (const port of [1, 2, 3]) putUpdate(store, update(port), HERE, NOW_S);
  assert.deepEqual(ports(store), [2, 3, 9]);
});

test("over the number of characters, the oldest records are removed", () => {
  const store = new RecordStore(900, { ...roomy, chars: 2_500 });
  for (const port of [1, 2, 3]) {
    putUpdate(store, update(port, { junk: "j".repeat(1_000) }), HERE, NOW_S);
  }
  assert.deepEqual(ports(store), [2, 3]);
});

test("expired records do not fill a store without reads", () => {
  const store = new RecordStore(900, { ...roomy, records: 2 });
  putUpdate(store, update(1), HERE, NOW_S);
  putUpdate(store, update(2, { lifetime: 1 }), HERE, NOW_S);
  putUpdate(store, update(3), HERE, NOW_S + 60);
  assert.deepEqual(ports(store, NOW_S + 60), [1, 3]);
});

test("a flood from many addresses removes newcomers only", () => {
  const store = new RecordStore(900, { ...roomy, records: 100 });
  putUpdate(store, update(7), HERE, NOW_S);
  putUpdate(store, update(7), HERE, NOW_S + 60);
  for (let i = 0; i < 1_000; i++) {
    putUpdate(store, update(8), `10.0.${i >> 8}.${i & 255}`, NOW_S + 60);
  }
  const records = store.list(at(NOW_S + 60));
  assert.equal(records.length, 100);
  assert.ok(records.some(({ address }) => address === HERE));
});

test("two updates at one moment do not establish a record", () => {
  const store = new RecordStore(900, { ...roomy, records: 2 });
  for (const port of [1, 1, 2, 3]) putUpdate(store, update(port), HERE, NOW_S);
  assert.deepEqual(ports(store), [2, 3]);
});

test("established records leave room for newcomers, also when they grow", () => {
  const store = new RecordStore(900, { ...roomy, records: 4, chars: 4_000 });
  const put = (port: number, atS: number, chars: number) =>
    putUpdate(store, update(port, { junk: "j".repeat(chars) }), HERE, NOW_S + atS);
  for (const atS of [0, 10]) for (const port of [1, 2, 3, 4]) put(port, atS, 1);
  put(5, 10, 1);
  assert.deepEqual(ports(store, NOW_S + 10), [1, 2, 3, 5], "the fourth record is still a newcomer");
  for (const port of [1, 2, 3]) put(port, 20, 1_300);
  put(6, 20, 1);
  assert.deepEqual(ports(store, NOW_S + 20), [1, 2, 6], "the third record is a newcomer again");
});

test("an established record expires, and counts for the bound of its address", () => {
  const store = new RecordStore(900, { ...roomy, perAddress: 2 });
  for (const atS of [0, 10]) {
    for (const port of [1, 2]) putUpdate(store, update(port), HERE, NOW_S + atS);
  }
  putUpdate(store, update(3), HERE, NOW_S + 10);
  assert.deepEqual(ports(store, NOW_S + 10), [1, 2], "newcomers of an address are removed first");
  assert.deepEqual(ports(store, NOW_S + 911), []);
});

test("IPv6 addresses with the same first 64 bits are one sender", () => {
  const store = new RecordStore(900, { ...roomy, perAddress: 2 });
  for (const port of [1, 2, 3]) putUpdate(store, update(port), `2001:db8::${port}`, NOW_S);
  assert.deepEqual(ports(store), [2, 3]);
});

test("fault: wall clock used for durations: setting the clock does not change when a record expires", () => {
  const store = new RecordStore(900);
  const put = (port: number, unixS: number, monotonicS: number) =>
    store.put(update(port), { address: HERE }, { unixS, monotonicS });
  const hour = 3_600;
  put(1, NOW_S, 50);
  const portsAt = (unixS: number, monotonicS: number) =>
    store.list({ unixS, monotonicS }).map(({ text }) => JSON.parse(text).port);
  assert.deepEqual(portsAt(NOW_S + hour, 60), [1], "set forward by an hour");
  assert.deepEqual(portsAt(NOW_S - hour, 949), [1], "set back by an hour");
  assert.deepEqual(portsAt(NOW_S - hour, 951), [], "it expires after its lifetime");

  // A record becomes established by monotonic time, not by the wall clock.
  const full = new RecordStore(900, { ...roomy, records: 2 });
  const give = (port: number, unixS: number, monotonicS: number) =>
    full.put(update(port), { address: HERE }, { unixS, monotonicS });
  give(1, NOW_S, 50);
  give(1, NOW_S - hour, 60);
  give(2, NOW_S - hour, 60);
  give(2, NOW_S + hour, 60);
  give(3, NOW_S, 60);
  const left = full.list({ unixS: NOW_S, monotonicS: 60 }).map(({ key }) => key.split(":")[1]);
  assert.deepEqual(left, ["1", "3"]);
  const [first] = full.list({ unixS: NOW_S, monotonicS: 60 });
  assert.equal(
    JSON.parse(first?.text ?? "").lastheardfrom,
    NOW_S - hour,
    "lastheardfrom is wall clock time",
  );
});
