/** Proves that keys have one size, all differ, and belong to one run; and the order of the reserve. */
import assert from "assert";
import fc from "fast-check";
import { ClientKeys } from "../../../lib/perf/workload/client_keys.ts";
import { Keys, WARMUP_KEYS } from "../../../lib/perf/workload/keys.ts";
import {
  newSeed,
  randomFractions,
  scatterBits,
} from "../../../lib/perf/workload/seeded_streams.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("keys");

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const numbers = fc.integer({ min: 0, max: 2 ** 47 - 1 });

test("every key has the documented size for any number, and is ASCII", () => {
  fc.assert(fc.property(seeds, numbers, (seed, number) => {
    const keys = new Keys(seed);
    assert.equal(keys.size, 32);
    assert.match(keys.key(number), /^testperf-[0-9a-v]{12}-[0-9a-v]{10}$/);
    assert.equal(new Keys(seed, "p").key(number).length, new Keys(seed, "p").size);
  }));
});

test("different numbers have different keys", () => {
  fc.assert(fc.property(seeds, numbers, numbers, (seed, a, b) => {
    const keys = new Keys(seed, "p");
    assert.equal(keys.key(a) === keys.key(b), a === b);
  }));
  const keys = new Keys(5);
  const all = Array.from({ length: 50_000 }, (_, number) => keys.key(number));
  const warm = Array.from({ length: 50_000 }, (_, number) => keys.key(WARMUP_KEYS + number));
  assert.equal(new Set([...all, ...warm]).size, 100_000);
});

test("runs share no key even with the same seed, unless they have the same prefix", () => {
  const runs = Array.from({ length: 100 }, () => new Keys(7));
  assert.equal(new Set(runs.map((keys) => keys.key(0))).size, 100);
  assert.equal(new Keys(7, "same").key(3), new Keys(7, "same").key(3));
  assert.notEqual(new Keys(7, "same").key(3), new Keys(8, "same").key(3));
});

test("neighboring keys are scattered", () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, (_, n) => scatterBits(n))).size, 10_000);
  const keys = new Keys(0, "p");
  const firsts = Array.from({ length: 1_000 }, (_, n) => keys.key(n).slice(-6, -5));
  assert.ok(new Set(firsts).size > 20);
});

test("a seed repeats its random stream; other seeds and streams are independent", () => {
  const some = (seed: number, stream?: number) => {
    const fraction = randomFractions(seed, stream);
    return Array.from({ length: 1_000 }, fraction);
  };
  assert.deepEqual(some(1), some(1));
  const all = [some(1), some(2), some(1, 1), some(2, 1), some(0)];
  assert.equal(new Set(all.flat()).size, 5_000);
  for (const numbers of all) {
    assert.ok(numbers.every((one) => one >= 0 && one < 1));
    const mean = numbers.reduce((sum, one) => sum + one, 0) / 1_000;
    assert.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`);
  }
  assert.equal(new Set(Array.from({ length: 4 }, newSeed)).size, 4);
});

test("the keys of all clients are numbered from 0 without gaps", () => {
  const clientCounts = fc.integer({ min: 1, max: 20 });
  fc.assert(fc.property(clientCounts, fc.integer({ min: 20, max: 500 }), (clients, keys) => {
    const own = Array.from({ length: clients }, (_, at) => new ClientKeys(at, clients, keys));
    const all = own.flatMap((one) => Array.from({ length: one.limit }, (_, n) => one.number(n)));
    assert.deepEqual(all.sort((a, b) => a - b), Array.from({ length: keys }, (_, at) => at));
    // The keys that a mix adds differ from them, and from those of other clients.
    const added = own.flatMap((one) => [one.nextNew, one.nextNew + 1].map((n) => one.number(n)));
    assert.equal(new Set([...all, ...added]).size, keys + 2 * clients);
  }));
});

test("the reserve returns the oldest key first, and each once", () => {
  const keys = new ClientKeys(0, 1, 1);
  const taken: number[] = [];
  for (let n = 0; n < 10_000; n++) {
    keys.addToReserve(n);
    if (n % 3 > 0) taken.push(keys.takeFromReserve() ?? -1);
  }
  assert.equal(keys.reserve, 10_000 - taken.length);
  for (let key = keys.takeNext(); key !== undefined; key = keys.takeNext()) taken.push(key);
  assert.deepEqual(taken, Array.from({ length: 10_000 }, (_, n) => n));
  assert.equal(keys.reserve, 0);
});
