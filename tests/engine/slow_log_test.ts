/** Proves that the slow log has the slowest requests, in order, and is bounded. */
import assert from "assert";
import fc from "fast-check";
import { MAX_SLOW_LOG_ENTRIES } from "../../lib/base/limits.ts";
import { SlowLog } from "../../lib/engine/slow_log.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("slow_log");

test("it holds the slowest requests, the slowest first", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 10 }),
      (times, max) => {
        const log = new SlowLog(max);
        times.forEach((ms, client) => {
          log.record(ms, () => ({ client, method: "scan", outcome: "OK" }));
        });
        const expected = times.toSorted((a, b) => b - a).slice(0, max);
        assert.deepEqual(log.slowest.map(({ ms }) => ms), expected);
        for (const { ms, client } of log.slowest) assert.equal(times[client], ms);
      },
    ),
  );
});

test("of equally slow requests the first ones stay, and a request that is not recorded is not described", () => {
  const log = new SlowLog();
  for (let client = 0; client < 2 * MAX_SLOW_LOG_ENTRIES; client++) {
    log.record(5, () => {
      assert.ok(client < MAX_SLOW_LOG_ENTRIES, "it is full");
      return { client, method: "lookup", outcome: "OK" };
    });
  }
  const clients = log.slowest.map(({ client }) => client);
  assert.deepEqual(clients, Array.from({ length: MAX_SLOW_LOG_ENTRIES }, (_, at) => at));
});

test("an entry has the time of its end, and its duration in microseconds", () => {
  const log = new SlowLog();
  const before = Date.now();
  const request = { client: 7, method: "insert", key: "k", outcome: "TableFull" } as const;
  log.record(1.23456789, () => request);
  const [entry] = log.slowest;
  assert.ok(entry !== undefined);
  const { at, ...rest } = entry;
  assert.deepEqual(rest, { ...request, ms: 1.235 });
  assert.ok(Date.parse(at) >= before && Date.parse(at) <= Date.now());
});
