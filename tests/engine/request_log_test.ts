/** Proves the debug lines of requests, and the entries of the slow log. */
import assert from "assert";
import { MIN_TIMED_BYTES, SLOW_REQUEST_MS } from "../../lib/base/limits.ts";
import { newClient } from "./command_context.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { engine } from "./executor_engine.ts";
import { logged } from "../helpers/logged.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("request_log");

test("debug lines have client, method, key and outcome, and times that never overlap", () => {
  const { lines, log } = logged("json", true);
  const { ask } = engine({ log });
  const clients = [newClient(1), newClient(2), newClient(3)];
  for (let i = 0; i < 300; i++) {
    const method = i % 4 === 0 ? "lookup" : "insert";
    ask(`{"method":"${method}","key":"k${i}","value":1}`, clients[i % 3]);
  }
  ask("{");
  ask('{"method":"scan","regex":"^z"}');
  const entries = lines.map((line) => JSON.parse(line));
  assert.equal(entries.length, 302);
  let endUs = -Infinity;
  entries.forEach((entry, at) => {
    assert.equal(entry.n, at + 1);
    assert.ok(entry.start_us >= endUs && entry.end_us >= entry.start_us, "one after another");
    endUs = entry.end_us;
  });
  const { client, method, key, outcome } = entries[4];
  assert.deepEqual([client, method, key, outcome], [2, "lookup", "k4", "KeyError"]);
  assert.deepEqual([entries[1].method, entries[1].outcome], ["insert", "OK"]);
  assert.deepEqual([entries[300].method, entries[300].outcome], ["?", "RequestError"]);
  assert.equal(entries[301].regex, "^z");
});

test("a debug line has the true outcome with any id, and is short", () => {
  const { lines, log } = logged("json", true);
  const { ask } = engine({ log });
  ask(`{"method":"lookup","key":"${"k".repeat(10_000)}","id":{"type":"Forged","message":""}}`);
  const entry = JSON.parse(lines.join(""));
  assert.equal(entry.outcome, "KeyError");
  assert.ok(entry.key.length < 100);
});

test("the slow log has the slowest requests with their keys and without values", () => {
  using _clock = stoppedClock(3);
  const { ask, executor } = engine();
  const large = "v".repeat(MIN_TIMED_BYTES);
  ask(`{"method":"insert","key":"large","value":"${large}"}`, newClient(7));
  ask('{"method":"lookup","key":"large"}', newClient(8));
  ask(`{"method":"lookup","key":"${"k".repeat(MIN_TIMED_BYTES + 1)}"}`);
  ask('{"method":"scan","regex":"^z"}');
  ask('{"method":"query","subkey":"s","subvalue":"secret"}');
  const entries = executor.slowest.map(({ ms, at, ...rest }) => {
    assert.ok(ms >= 3 && Date.parse(at) > 0);
    return rest;
  });
  const byMethod = (method: string) => entries.filter((entry) => entry.method === method);
  assert.deepEqual(byMethod("insert"), [
    { client: 7, method: "insert", key: "large", outcome: "OK" },
  ]);
  assert.deepEqual(byMethod("lookup"), [
    { client: 8, method: "lookup", key: "large", outcome: "OK" },
    { client: 1, method: "lookup", key: "k".repeat(40) + "...", outcome: "KeyError" },
  ]);
  const others = { client: 1, outcome: "OK" };
  assert.deepEqual(byMethod("scan"), [{ ...others, method: "scan", regex: "^z" }]);
  assert.deepEqual(byMethod("query"), [{ ...others, method: "query", subkey: "s" }]);
  assert.doesNotMatch(JSON.stringify(executor.slowest), /vvv|secret/);
});

test("short requests do not read the clock", () => {
  const { ask, executor } = engine();
  const { now } = performance;
  let reads = 0;
  performance.now = () => (reads++, now.call(performance));
  try {
    ask(`{"method":"insert","key":"k","value":"${"v".repeat(MIN_TIMED_BYTES / 2)}"}`);
    for (const method of ["lookup", "remove"]) ask(`{"method":"${method}","key":"k"}`);
    for (const method of ["size", "ping", "info", "nonsense"]) ask(`{"method":"${method}"}`);
  } finally {
    performance.now = now;
  }
  assert.deepEqual([reads, executor.slowest], [0, []]);
});

test("a debug line marks a slow request", () => {
  using clock = stoppedClock();
  const { lines, log } = logged("json", true);
  let slowMs = 0;
  const info = () => {
    clock.advance(slowMs);
    return "{}";
  };
  const { ask } = engine({ log, context: { info } });
  for (slowMs of [0, SLOW_REQUEST_MS + 1, 1]) ask('{"method":"info"}');
  assert.deepEqual(lines.map((line) => JSON.parse(line).slow), [undefined, true, undefined]);
});
