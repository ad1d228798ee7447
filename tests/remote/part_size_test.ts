import assert from "assert";
import { STORE_PART_PAIR_BYTES } from "../../lib/base/limits.ts";
import { insert, scan, type TextRequest } from "../engine/requests.ts";
import { testsOf } from "../helpers/pure.ts";
import { FakeStore } from "./fake_store.ts";
import { engineOver, ListSource } from "./remote_clients.ts";

const test = testsOf("remote search");

const KEYS = 60, VALUE_BYTES = 200_000;

test("a part with large values ends early, with a cursor", async () => {
  const { engine } = engineOver(new FakeStore(1, { rounds: 0 }));
  const value = `"${"v".repeat(VALUE_BYTES)}"`;
  await new ListSource(Array.from({ length: KEYS }, (_, at) => insert(`k${at}`, value)))
    .run(engine);
  const requests: TextRequest[] = [];
  const source = new ListSource(requests, { hasIds: false });
  const keys: string[] = [];
  let cursor: string | undefined, parts = 0;
  do {
    requests.push(scan("", { limit: 1_000, cursor }));
    const line = (await source.run(engine)).at(-1) ?? "";
    assert.ok(line.length < STORE_PART_PAIR_BYTES + VALUE_BYTES + 1_000, `${line.length} bytes`);
    const reply = JSON.parse(line);
    assert.equal(reply.status, "OK", reply.message);
    for (const [key, text] of reply.result) {
      assert.equal(text.length, VALUE_BYTES);
      keys.push(key);
    }
    parts++;
    cursor = reply.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(keys.sort(), Array.from({ length: KEYS }, (_, at) => `k${at}`).sort());
  assert.ok(parts >= 3);
});

test("a pair that is larger than a part comes alone", async () => {
  const { engine } = engineOver(new FakeStore(1, { rounds: 0 }));
  const value = `"${"v".repeat(STORE_PART_PAIR_BYTES)}"`;
  const source = new ListSource([insert("a", value), insert("b", value), scan("", { limit: 9 })]);
  const reply = JSON.parse((await source.run(engine)).at(-1) ?? "");
  assert.equal(reply.result.length, 1);
  assert.equal(typeof reply.cursor, "string");
});
