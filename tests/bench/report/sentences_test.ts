import assert from "assert";
import { limitOf, limitSentence } from "../../../bench/report/limit.ts";
import type { StageShares } from "../../../bench/report/processor_shares.ts";
import * as sentences from "../../../bench/report/sentences.ts";
import { seriesWith } from "../../../bench/report/series.ts";
import { findingsWith, levelSweep, risingSweep } from "../bench_data.ts";

const LEVEL = findingsWith({
  "memory": levelSweep(10_000),
  "durable": levelSweep(2_500),
  "two-hosts-memory": levelSweep(6_000, ["insert", "lookup"]),
});

const RISING = findingsWith({ "memory": risingSweep(1_000), "durable": risingSweep(500) });

const PERSPECTIVES = [
  sentences.summary,
  sentences.levels,
  sentences.singleClients,
  sentences.operations,
  sentences.durability,
  sentences.limits,
  sentences.systemCalls,
  sentences.syncs,
  sentences.twoHosts,
  sentences.course,
  sentences.advice,
];

Deno.test("every sentence names its table, whatever the figures are", () => {
  const withoutMuch = findingsWith({ "memory": levelSweep(100) }, {
    syncs: { why: "no" },
    systemCalls: { why: "no" },
    twoHosts: { why: "no" },
  });
  for (const findings of [LEVEL, RISING, withoutMuch]) {
    for (const perspective of PERSPECTIVES) {
      for (const sentence of perspective(findings)) {
        assert.match(sentence, /\[T\d+\]/);
        assert.doesNotMatch(sentence, /NaN|undefined|Infinity/);
      }
    }
  }
});

Deno.test("the verdict on the level is that of the analysis", () => {
  assert.match(
    sentences.levels(LEVEL)[0] ?? "",
    /^Insert, in memory \[T2\]: Throughput levels out at 4 clients/,
  );
  assert.match(
    sentences.levels(RISING)[0] ?? "",
    /^Insert, in memory \[T2\]: Throughput still rises/,
  );
  assert.match(sentences.advice(LEVEL)[0] ?? "", /4 clients that wait for their replies get all/);
  assert.match(sentences.advice(RISING)[0] ?? "", /does not show how many clients/);
});

Deno.test("whether clients are served alike depends on the slowest of them", () => {
  assert.match(sentences.singleClients(LEVEL).at(-1) ?? "", /served alike: .* less than 90%/);
});

Deno.test("the cost of durability narrows, widens or stays", () => {
  const durable = (memory: number, inserts: (clients: number) => number) =>
    sentences.durability(findingsWith({
      "memory": risingSweep(memory, ["insert"]),
      "durable": { ...risingSweep(1, ["insert"]), opsOfEach: inserts },
    }))[0] ?? "";
  assert.match(durable(1_000, () => 400), /hardly change the gap/);
  assert.match(durable(1_000, (clients) => 100 * clients ** 0.5), /The gap narrows/);
  assert.match(durable(1_000, (clients) => 900 / clients), /The gap widens/);
});

Deno.test("two hosts that do the same are told to, and others are not", () => {
  assert.match(sentences.twoHosts(LEVEL)[0] ?? "", /0\.60x .* costs more than the loopback/);
  const same = findingsWith({
    "memory": levelSweep(1_000),
    "two-hosts-memory": levelSweep(980, ["lookup"]),
  });
  assert.match(sentences.twoHosts(same)[0] ?? "", /no more than runs differ/);
});

Deno.test("the limit follows from who had the processors", () => {
  const shares: StageShares = {
    stage: "insert",
    thread: 0.4,
    waiting: 0.1,
    server: 0.5,
    clients: 0.5,
    others: 0.1,
    machine: 0.5,
  };
  const memory = seriesWith(LEVEL, "memory", "insert");
  const durable = seriesWith(LEVEL, "durable", "insert");
  const lookup = seriesWith(LEVEL, "durable", "lookup");
  assert.ok(memory && durable && lookup);
  assert.equal(limitOf(memory, { ...shares, thread: 0.95 }, 8), "event loop");
  assert.equal(limitOf(memory, { ...shares, thread: 0.6, waiting: 0.35 }, 8), "cores");
  assert.equal(limitOf(memory, { ...shares, machine: 0.97 }, 8), "cores");
  assert.equal(limitOf(durable, { ...shares, thread: 0.4, waiting: 0.3 }, 8), "cores");
  assert.equal(limitOf(durable, shares, 8), "disk");
  assert.equal(limitOf(lookup, shares, 8), "unknown");
  assert.equal(limitOf(memory, shares, 1), "clients");
  assert.match(limitSentence(memory), /^Insert, in memory, at 4 clients: /);
});
