/** Proves that runs do not touch each other's keys, and that a wrong value is noticed. */
import assert from "assert";
import fc from "fast-check";
import { utf8 } from "../helpers/streams.ts";
import { STAGES, Workload, WrongValueError } from "../../lib/perf/workload.ts";
import { fakeClient } from "../helpers/fake_client.ts";

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name: `workload: ${name}`, permissions: "none", fn });
}

test("the stages are insert, lookup, scan, remove", () => {
  assert.deepEqual([...STAGES], ["insert", "lookup", "scan", "remove"]);
});

test("all stages succeed, and take away what they put in", async () => {
  const { client } = fakeClient();
  const workload = new Workload(100, true);
  for (const stage of STAGES) {
    for (let number = 0; number < 30; number++) {
      await workload.run(stage, client, 1 + number % 3, number);
    }
  }
  assert.equal(await client.size(), 0);
});

test("no two runs, clients or operations have a key in common", async () => {
  const { client, requests } = fakeClient();
  const runs = Array.from({ length: 100 }, () => new Workload(10, true));
  for (const run of runs) {
    for (const [clientNumber, number] of [[1, 11], [11, 1], [1, 1], [111, 0]] as const) {
      await run.run("insert", client, clientNumber, number);
    }
  }
  const keys = requests.map((request) => "key" in request ? request.key : "");
  assert.equal(new Set(keys).size, 400);
});

test("a value is JSON of exactly the wanted size, and follows from its key", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 5_000 }), fc.nat(1e6), (bytes, number) => {
    const workload = new Workload(bytes, true);
    const value = workload.valueOf(`testperf-abc-1-${number}`);
    assert.equal(utf8(value).length, bytes);
    assert.equal(typeof JSON.parse(value), "string");
    assert.equal(workload.valueOf(`testperf-abc-1-${number}`), value);
  }));
  const workload = new Workload(100, true);
  assert.notEqual(workload.valueOf("k1"), workload.valueOf("k2"));
});

test("a wrong value is noticed in each stage that gets one, and told in one sentence", async () => {
  const wrong = fakeClient((result) => result.replace(/t(?=estperf)/, "T"));
  const workload = new Workload(200, true);
  await workload.run("insert", wrong.client, 1, 0);
  for (const stage of ["lookup", "scan", "remove"] as const) {
    await assert.rejects(workload.run(stage, wrong.client, 1, 0), (error) => {
      assert.ok(error instanceof WrongValueError);
      assert.match(error.message, /^Wrong value of testperf-\S+: expected .*, got .*$/);
      assert.ok(error.message.length < 400);
      return true;
    });
  }
});

test("a value of another key, or one more pair, is a wrong value", async () => {
  const { client } = fakeClient((result, { method }) =>
    method === "scan" ? result.replace(/\]$/, ",[]]") : result.replace(/-0\./g, "-1.")
  );
  const workload = new Workload(100, true);
  await workload.run("insert", client, 1, 0);
  await assert.rejects(workload.run("lookup", client, 1, 0), WrongValueError);
  await assert.rejects(workload.run("scan", client, 1, 0), WrongValueError);
});

test("where it is not to be checked, anything will do", async () => {
  const { client } = fakeClient(() => "17");
  const workload = new Workload(100, false);
  for (const stage of STAGES) await workload.run(stage, client, 1, 0);
});

test("a missing key is the client's error", async () => {
  const { client } = fakeClient();
  await assert.rejects(new Workload(100, true).run("lookup", client, 1, 0), { code: "KeyError" });
});
