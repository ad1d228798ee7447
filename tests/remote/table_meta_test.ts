/** Proves that all servers of a table agree on its description, and that other contents are refused. */
import assert from "assert";
import { ExitError } from "../../lib/base/errors.ts";
import { openTableMeta, type TableMeta } from "../../lib/remote/table_meta.ts";
import { BucketKeys, META_BUCKET } from "../../lib/store/bucket_keys.ts";
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
