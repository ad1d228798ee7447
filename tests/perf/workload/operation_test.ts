/** Proves that runs share no keys, and that a wrong value is noticed. */
import assert from "assert";
import fc from "fast-check";
import { KeyError } from "../../../lib/client/errors.ts";
import { utf8 } from "../../helpers/streams.ts";
import { Keys } from "../../../lib/perf/workload/keys.ts";
import {
  type Operation,
  OPERATIONS,
  perform,
  type Sender,
  TableWorkload,
  WrongValueError,
} from "../../../lib/perf/workload/operation.ts";
import { fakeClient } from "../fake_client.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("operation");

function workloadOf(valueBytes: number, verify: boolean): TableWorkload {
  return new TableWorkload(new Keys(1), valueBytes, verify);
}

function run(workload: TableWorkload, operation: Operation, sender: Sender, key: number) {
  return perform(workload, { operation, key }, sender);
}

test("all stages succeed, and remove the keys that they inserted", async () => {
  for (const valueBytes of [2, 10, 35, 36, 100, 5_000]) {
    const { client, sender, decoded } = fakeClient();
    const workload = workloadOf(valueBytes, true);
    for (const stage of OPERATIONS) {
      for (let number = 0; number < 30; number++) await run(workload, stage, sender, number);
    }
    assert.equal(await client.size(), 0);
    assert.equal(decoded(), 0, `replies that were not recognized, with ${valueBytes} bytes`);
  }
});

test("a value is JSON of exactly the given size, and follows from its key", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 5_000 }), fc.nat(1e6), (bytes, number) => {
    const workload = workloadOf(bytes, true);
    const value = workload.valueOf(`testperf-abc-1-${number}`);
    assert.equal(utf8(value).length, bytes);
    assert.equal(typeof JSON.parse(value), "string");
    assert.equal(workload.valueOf(`testperf-abc-1-${number}`), value);
  }));
  const workload = workloadOf(100, true);
  assert.notEqual(workload.valueOf("k1"), workload.valueOf("k2"));
});

test("a wrong value is noticed in each stage that receives one, with one sentence", async () => {
  const wrong = fakeClient((result) => result.replace(/t(?=estperf)/, "T"));
  const workload = workloadOf(200, true);
  await run(workload, "insert", wrong.sender, 0);
  for (const stage of ["lookup", "scan", "remove"] as const) {
    await assert.rejects(run(workload, stage, wrong.sender, 0), (error) => {
      assert.ok(error instanceof WrongValueError);
      assert.match(error.message, /^Wrong value of testperf-\S+: expected .*, got .*$/);
      assert.ok(error.message.length < 400);
      return true;
    });
  }
});

test("a value of another key, or one more pair, is a wrong value", async () => {
  const { sender } = fakeClient((result, { method }) =>
    method === "scan" ? result.replace(/\]$/, ",[]]") : result.replace(/-(\w+)\./g, "-1$1.")
  );
  const workload = workloadOf(100, true);
  await run(workload, "insert", sender, 0);
  await assert.rejects(run(workload, "lookup", sender, 0), WrongValueError);
  await assert.rejects(run(workload, "scan", sender, 0), WrongValueError);
});

test("without the check, any value is accepted", async () => {
  const { sender } = fakeClient(() => "17");
  const workload = workloadOf(100, false);
  for (const stage of OPERATIONS) await run(workload, stage, sender, 0);
});

test("a missing key is the client's error", async () => {
  const { sender } = fakeClient();
  await assert.rejects(run(workloadOf(100, true), "lookup", sender, 0), { code: "KeyError" });
});

test("a KeyError is the success of a remove that was sent before, and of no other operation", async () => {
  const ends: [string, boolean, unknown, boolean][] = [];
  for (const operation of ["lookup", "remove"] as const) {
    for (const wasSentBefore of [false, true]) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const sender: Sender = {
        connections: 1,
        send(call) {
          assert.equal(call.retry, "always");
          call.wasSentBefore = wasSentBefore;
          queueMicrotask(() => call.onReply({ type: "KeyError", message: "no such key" }));
        },
      };
      workloadOf(100, true).lane(sender, (error, wasRemovedBefore = false) => {
        ends.push([operation, wasSentBefore, error instanceof KeyError, wasRemovedBefore]);
        resolve();
      }).start({ operation, key: 0 }, 0);
      await promise;
    }
  }
  assert.deepEqual(ends, [
    ["lookup", false, true, false],
    ["lookup", true, true, false],
    ["remove", false, true, false],
    ["remove", true, false, true],
  ]);
});
