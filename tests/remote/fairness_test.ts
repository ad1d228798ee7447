/** Proves that other clients do not notice a long search, and that no request waits for a client that has left. */
import assert from "assert";
import { insert, lookup, scan, SIZE } from "../engine/requests.ts";
import { PollBarrier } from "../../lib/runtime/poll_barrier.ts";
import { EventLoopYielder } from "../../lib/runtime/yielding.ts";
import { KeyHash } from "../../lib/table/key_hash.ts";
import { BUCKETS } from "../../lib/store/bucket_keys.ts";
import { keyTextOf } from "../../lib/protocol/key_text.ts";
import { binaryOf, bytesOf, FakeStore } from "./fake_store.ts";
import { engineOver, KEYS, ListSource, SEED } from "./remote_clients.ts";

const bucketHash = new KeyHash(SEED);

/** A store with many keys. @param onlyBucket has all of them (default: each is in its own bucket) */
function filledStore(count: number, suffix: string, onlyBucket?: number): FakeStore {
  const store = new FakeStore(1, { rounds: 0 });
  for (let at = 0; at < count; at++) {
    const { bytes, start, end } = keyTextOf(`key ${at}${suffix}`);
    const bucket = bucketHash.of(bytes, start, end) & (BUCKETS - 1);
    const name = KEYS.text(onlyBucket ?? bucket);
    const fields = store.hashes.get(name) ?? new Map<string, Uint8Array>();
    store.hashes.set(name, fields);
    fields.set(binaryOf(bytes), bytesOf("1"));
  }
  return store;
}

Deno.test("remote fairness: a scan with an expensive regex lets other requests pass", async () => {
  const barrier = new PollBarrier();
  try {
    const yielder = new EventLoopYielder(() => barrier.wait());
    // Each key takes some milliseconds.
    const store = filledStore(300, "ab".repeat(300), 5);
    const { engine } = engineOver(store, { yielder });
    let isScanning = true;
    const startMs = performance.now();
    const scanning = new ListSource([scan("a[ab]{300}[cd]")]).run(engine).then((lines) => {
      isScanning = false;
      return lines;
    });
    const waitsMs: number[] = [];
    while (isScanning) {
      const sentMs = performance.now();
      const [line] = await new ListSource([lookup("other")]).run(engine);
      assert.match(line ?? "", /"KeyError"/);
      waitsMs.push(performance.now() - sentMs);
    }
    assert.match((await scanning)[0] ?? "", /"result":\[\]}$/);
    const totalMs = performance.now() - startMs;
    const longestMs = Math.max(...waitsMs);
    assert.ok(longestMs < totalMs / 4, `${longestMs} of ${totalMs} ms`);
    await yielder.settled();
  } finally {
    await barrier.close();
  }
});

Deno.test("remote fairness: a search ends early when its client has left", async () => {
  const store = filledStore(2_000, "");
  const { engine } = engineOver(store);
  const source = new ListSource([scan("^none")]);
  store.onRound = () => {
    if ((store.counts.get("HKEYS") ?? 0) > 1_000) source.isClosed = true;
  };
  await source.run(engine);
  assert.ok((store.counts.get("HKEYS") ?? 0) < BUCKETS / 2);
});

Deno.test("remote fairness: requests for the size share a count that begins after them", async () => {
  const store = filledStore(500, "");
  const { engine, size } = engineOver(store);
  await size.start();
  assert.equal(engine.size, 500);
  const ask = () => new ListSource([SIZE]).run(engine);
  const first = Array.from({ length: 10 }, ask);
  // They come while the first count runs: they need one more.
  await new ListSource([insert("new", "1")]).run(engine);
  const later = Array.from({ length: 10 }, ask);
  for (const [line] of await Promise.all(later)) assert.match(line ?? "", /"result":501}$/);
  for (const [line] of await Promise.all(first)) assert.match(line ?? "", /"result":50[01]}$/);
  assert.equal(store.counts.get("HLEN"), 3 * BUCKETS);
  assert.equal(engine.size, 501);
});
