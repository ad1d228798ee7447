/** Proves that a stage does each operation once, with so many in flight, and counts what failed. */
import assert from "assert";
import type { HtClient } from "../../lib/client/ht_client.ts";
import { runStage } from "../../lib/perf/runner.ts";
import { type Stage, Workload } from "../../lib/perf/workload.ts";
import { fakeClient } from "../helpers/fake_client.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `runner: ${name}`, permissions: "none", fn });
}

/** Does nothing but note what was asked, with how many in flight. */
class Noting extends Workload {
  readonly done: string[] = [];
  mostInFlight = 0;
  #inFlight = 0;
  readonly #fails: (number: number) => boolean;

  constructor(fails: (number: number) => boolean = () => false) {
    super(2, true);
    this.#fails = fails;
  }

  override async run(
    _stage: Stage,
    _client: HtClient,
    client: number,
    number: number,
  ): Promise<void> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.#inFlight);
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#inFlight--;
    this.done.push(`${client}-${number}`);
    if (this.#fails(number)) throw new Error(`number ${number}`);
  }
}

const clientsOf = (count: number) => Array.from({ length: count }, () => fakeClient().client);

test("each client does each operation once", async () => {
  const workload = new Noting();
  let steps = 0;
  const result = await runStage({
    stage: "insert",
    clients: clientsOf(3),
    workload,
    ops: 50,
    pipeline: 4,
    onOperation: () => steps++,
  });
  const all = [1, 2, 3].flatMap((client) =>
    Array.from({ length: 50 }, (_, at) => `${client}-${at}`)
  );
  assert.deepEqual(workload.done.toSorted(), all.toSorted());
  assert.equal(steps, 150);
  assert.deepEqual(result.clients.map(({ ops, errors }) => [ops, errors]), Array(3).fill([50, 0]));
  assert.deepEqual([result.sum.ops, result.sum.errors, result.sum.latency.count], [150, 0, 150]);
  assert.equal(result.sum.seconds, Math.max(...result.clients.map(({ seconds }) => seconds)));
  assert.equal(result.firstError, undefined);
});

test("so many are in flight and no more", async () => {
  for (const [pipeline, ops, most] of [[1, 20, 1], [5, 20, 5], [100, 3, 3]] as const) {
    const workload = new Noting();
    await runStage({ stage: "lookup", clients: clientsOf(1), workload, ops, pipeline });
    assert.equal(workload.mostInFlight, most);
    assert.equal(workload.done.length, ops);
  }
});

test("all clients work at the same time", async () => {
  const workload = new Noting();
  await runStage({ stage: "insert", clients: clientsOf(4), workload, ops: 5, pipeline: 1 });
  assert.equal(workload.mostInFlight, 4);
});

test("a failed operation is an error with the first one's sentence, and the others go on", async () => {
  const workload = new Noting((number) => number % 10 === 3);
  const result = await runStage({
    stage: "remove",
    clients: clientsOf(2),
    workload,
    ops: 50,
    pipeline: 1,
  });
  assert.deepEqual([result.sum.ops, result.sum.errors], [90, 10]);
  assert.equal(result.sum.latency.count, 90, "only what succeeded counts");
  assert.equal(result.firstError, "number 3");
});

test("a wrong value counts as an error", async () => {
  const { client } = fakeClient((result, { method }) => method === "lookup" ? '"other"' : result);
  const workload = new Workload(50, true);
  const options = { clients: [client], workload, ops: 5, pipeline: 1 };
  assert.equal((await runStage({ stage: "insert", ...options })).sum.errors, 0);
  const { sum, firstError = "" } = await runStage({ stage: "lookup", ...options });
  assert.deepEqual([sum.ops, sum.errors], [0, 5]);
  assert.match(firstError, /Wrong value/);
});
