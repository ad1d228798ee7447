/** Proves that all servers of a table agree on its description, and that other contents are refused. */
import assert from "assert";
import { ExitError } from "../../lib/base/errors.ts";
import { openTableMeta, type TableMeta } from "../../lib/remote/table_meta.ts";
import { TableWatch } from "../../lib/remote/table_watch.ts";
import { BucketKeys, META_BUCKET } from "../../lib/store/bucket_keys.ts";
import type { StoreCommand } from "../../lib/store/store.ts";
import { testsOf } from "../helpers/pure.ts";
import { FakeStore } from "./fake_store.ts";

const test = testsOf("table_meta");

const NAME = "me-a4-x";
const KEYS = new BucketKeys(NAME);
const KEY = KEYS.text(META_BUCKET);

const open = (store: FakeStore): Promise<TableMeta> => openTableMeta(store, KEYS, NAME);

test("servers that start at the same time agree, and so does one that starts later", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const store = new FakeStore(seed, { rounds: 5, repeated: 0.2 });
    const metas = [
      ...await Promise.all([open(store), open(store), open(store)]),
      await open(store),
    ];
    const [first] = metas;
    for (const { tableId, seed } of metas) {
      assert.deepEqual({ tableId, seed }, { tableId: first?.tableId, seed: first?.seed });
    }
    assert.equal(metas.filter(({ isNew }) => isNew).length, 1);
  }
});

test("two tables have different identities and seeds", async () => {
  const [a, b] = [await open(new FakeStore(1)), await open(new FakeStore(1))];
  assert.notEqual(a.tableId, b.tableId);
  assert.notDeepEqual(a.seed, b.seed);
});

test("other contents are refused without a change and without a secret", async () => {
  const store = new FakeStore(1);
  await open(store);
  const good = JSON.parse(new TextDecoder().decode(store.strings.get(KEY)));
  const cases: [unknown, RegExp][] = [
    [{ ...good, name: "other-a4" }, /describes the table "other-a4"/],
    [{ ...good, format: 2 }, /format 2, which needs a newer htserver/],
    [{ ...good, buckets: 8 }, /has other members/],
    [{ ...good, seed: "12" }, /has other members/],
    [{ ...good, table: "" }, /has other members/],
    [[], /has other members/],
    [null, /is "null"/],
    ["x".repeat(20_000), /is ""/],
  ];
  for (const [content, reason] of cases) {
    const text = JSON.stringify(content);
    store.strings.set(KEY, new TextEncoder().encode(text));
    const error = await open(store).then(() => undefined, (error) => error);
    assert.ok(error instanceof ExitError, text.slice(0, 80));
    assert.match(error.message, reason);
    assert.ok(!error.message.includes(good.seed));
    assert.equal(new TextDecoder().decode(store.strings.get(KEY)), text, "unchanged");
  }
});

test("a store that does not answer, or does not say whether it made the description", async () => {
  const store = new FakeStore(1);
  store.failure = { kind: "unavailable", why: "no node serves slot 3" };
  await assert.rejects(open(store), /cannot be read or made \(no node serves slot 3\)/);
  store.failure = undefined;
  const losing = new FakeStore(2, { lost: 1 });
  await assert.rejects(open(losing), ExitError);
});

test("a description that is lost with its master is not used", async () => {
  const store = new FakeStore(1);
  const lost = await open(store);
  // The master has it and its replica has not, which takes over while a server starts.
  store.execute = function (command: StoreCommand) {
    if (command.kind !== "read") this.strings.delete(KEY);
    this.execute = FakeStore.prototype.execute;
    this.execute(command);
  };
  const used = await open(store);
  assert.ok(used.isNew && used.tableId !== lost.tableId);
  const { tableId } = await open(store);
  assert.equal(tableId, used.tableId);
});

test("without replicas, a server of an existing table starts, and makes no new one", async () => {
  const store = new FakeStore(1);
  const { tableId } = await open(store);
  store.execute = (command: StoreCommand) => {
    if (command.kind === "read") return FakeStore.prototype.execute.call(store, command);
    command.failed({ kind: "unavailable", why: "it has 0 of 1 replicas" });
  };
  assert.equal((await open(store)).tableId, tableId);
  store.strings.clear();
  await assert.rejects(open(store), /cannot be read or made \(it has 0 of 1 replicas\)/);
});

/** Watches a table, and counts the looks at the store. */
async function watched(change: (store: FakeStore) => void) {
  const store = new FakeStore(1);
  const identity = await open(store);
  const before = store.counts.get("GET") ?? 0;
  const watch = new TableWatch({ store, keys: KEYS, name: NAME, identity, checkMs: 1 });
  change(store);
  return { store, watch, looks: () => (store.counts.get("GET") ?? 0) - before };
}

test("a table that is gone or replaced is noticed", async () => {
  const removed = await watched((store) => store.strings.delete(KEY));
  assert.equal(
    await removed.watch.gone,
    `Cannot serve 'me-a4-x' any longer: the store has lost the table or has another one (its key "ht:{me-a4-x:meta}" is missing); start again to serve what is there now`,
  );
  const other = await watched((store) => store.strings.clear());
  await open(other.store);
  assert.match(await other.watch.gone, /\(its key "ht:.*" describes another one\); start/);
  const broken = await watched((store) => store.strings.set(KEY, new Uint8Array([123])));
  assert.match(await broken.watch.gone, /describes another one/);
});

test("errors of the store, and what only one read misses, are no reason to end", async () => {
  const { store, watch, looks } = await watched(() => {});
  let isOver = false;
  void watch.gone.then(() => isOver = true);
  const until = async (isTrue: () => boolean) => {
    while (!isTrue() && !isOver) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await until(() => looks() >= 3);
  let failures = 0;
  store.execute = (command: StoreCommand) => {
    failures++;
    command.failed({ kind: "unavailable", why: "no node serves slot 3" });
  };
  await until(() => failures >= 3);
  // An old master misses it.
  const confirmed = looks();
  store.execute = (command: StoreCommand) => {
    if (command.kind !== "read") return FakeStore.prototype.execute.call(store, command);
    command.begin();
    command.onNil();
    command.done();
  };
  await until(() => looks() >= confirmed + 3);
  watch.close();
  assert.equal(isOver, false);
});
