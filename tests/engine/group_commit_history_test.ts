/** Proves I2 for random clients with failing writes and slow syncs: all replies are those of one history. */
import assert from "assert";
import { eventLoop } from "./command_context.ts";
import { CommitsBench, keysOfOneSlot } from "./group_commit_bench.ts";
import { ListedClient, pairsAfter, pairsOf } from "./durable_engine.ts";
import { FakeStorage } from "./fake_storage.ts";
import { type Random, randomFrom, seedFor } from "../../bench/harness/random.ts";
import { insert, lookup, remove, scan, SIZE, type TextRequest } from "./requests.ts";

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test(`group_commit: ${name}`, fn);
}

/** One request of a random run, and its reply. */
interface Execution {
  readonly batch: number;
  readonly request: TextRequest;
  word: unknown;
}

test("the replies of random clients with failing writes and slow syncs are those of one history (I2)", async () => {
  const random = randomFrom(seedFor("commits"));
  let waited = 0, failures = 0, executions = 0;
  for (let run = 0; run < 40; run++) {
    using bench = run % 4 === 0 ? new CommitsBench() : await CommitsBench.withSlowSyncs();
    const outcome = await randomRun(bench, random);
    waited += outcome.waited;
    failures += outcome.failedBatches;
    executions += outcome.executions;
  }
  console.log(`commits: ${executions} requests, ${waited} waited, ${failures} batches failed`);
  assert.ok(waited > 100 && failures > 100);
});

/** Runs random clients, and proves that their replies are those of one history. */
async function randomRun(
  bench: CommitsBench,
  random: Random,
): Promise<{ waited: number; failedBatches: number; executions: number }> {
  const { storage } = bench;
  const keys = ["a", "b", ...keysOfOneSlot(bench.table)];
  const start = pairsOf(bench.table);
  const executed: Execution[] = [];
  const failed = new Set<number>();
  let batch = 0, waited = 0;
  storage.onWrite = (hasFailed) => {
    if (hasFailed) failed.add(batch);
    batch++;
  };
  const clients: Promise<unknown>[] = [];
  for (let round = 0; round < 60; round++) {
    storage.writeError = random.below(4) === 0 ? "full" : undefined;
    for (let count = random.below(4); count > 0; count--) clients.push(submitRandom());
    if (random.below(2) === 0) await eventLoop();
    if (random.below(3) === 0) storage.endSync();
    await eventLoop();
  }
  while (storage.pendingSyncs > 0) await bench.endSync();
  await Promise.all(clients);
  checkHistory(new Map(start), executed, failed);
  const written = pairsAfter(storage.written, storage.written.length);
  assert.deepEqual(pairsOf(bench.table), written, "the table has the written changes");
  assert.deepEqual(bench.bugs, []);
  return { waited, failedBatches: failed.size, executions: executed.length };

  async function submitRandom(): Promise<void> {
    const count = 1 + random.below(random.below(8) === 0 ? 100 : 4);
    const requests = Array.from({ length: count }, () => randomRequest(random, keys));
    const mine: Execution[] = [];
    const shown: number[] = [];
    const client = new ListedClient(requests, (request, { line, outcome }) => {
      const { id, status, result, type } = JSON.parse(line);
      const entry = mine[id] ?? { batch, request, word: undefined };
      if (mine[id] === undefined) executed.push(entry);
      mine[id] = entry;
      entry.word = status !== "OK" ? type : Array.isArray(result) ? "a list" : result;
      shown[id] = outcome === "StorageError" ? 0 : lastChangeSeen(request, storage);
    });
    const isEarly = await Promise.race([client.submitTo(bench), eventLoop()]) !== undefined;
    if (!isEarly) waited++;
    while (!client.isDone) await eventLoop();
    assert.ok(Math.max(...shown) <= storage.durableSeq, "it shows durable changes");
    const { replies, words } = client;
    assert.deepEqual(replies.map(({ id }) => id), Array.from(requests.keys()), "in order");
    for (const [at, request] of requests.entries()) {
      const word = mine[at]?.word;
      assert.deepEqual(
        Array.isArray(words[at]) ? "a list" : words[at],
        word,
        "as in the last execution",
      );
      if (request.method !== "insert" || words[at] !== null) continue;
      const seq = 1 +
        storage.written.findLastIndex((change) =>
          change.method === "insert" && change.value === request.value
        );
      assert.ok(seq > 0 && seq <= storage.durableSeq, "its change is durable");
    }
  }
}

/** Number of the last change that a reply shows now. */
function lastChangeSeen(request: TextRequest, { changes }: FakeStorage): number {
  if (!("key" in request)) return changes.length;
  return 1 + changes.findLastIndex(({ key }) => key === request.key);
}

let lastValue = 0;

function randomRequest(random: Random, keys: readonly string[]): TextRequest {
  const key = keys[random.below(keys.length)] ?? "";
  switch (random.below(7)) {
    case 0:
      return SIZE;
    case 1:
      return scan("");
    case 2:
      return remove(key);
    case 3:
    case 4:
      return lookup(key);
    default:
      return insert(key, String(++lastValue));
  }
}

/** Executes the requests one by one, and compares; in a failed batch no change is made. */
function checkHistory(
  model: Map<string, string>,
  executed: readonly Execution[],
  failed: ReadonlySet<number>,
): void {
  for (const [at, { batch, request, word }] of executed.entries()) {
    const what = `request ${at}, ${JSON.stringify(request)}, batch ${batch}`;
    const isChange = request.method === "insert" || request.method === "remove";
    if (isChange && failed.has(batch)) {
      // A request that fails in any case shows no change of the batch.
      if (word === "KeyError") assert.equal(wordFrom(model, request), word, what);
      else assert.equal(word, "StorageError", what);
      continue;
    }
    assert.deepEqual(word, wordFrom(model, request), what);
  }
}

function wordFrom(model: Map<string, string>, request: TextRequest): unknown {
  switch (request.method) {
    case "size":
      return model.size;
    case "insert":
      model.set(request.key, request.value);
      return null;
    case "lookup":
    case "remove": {
      const value = model.get(request.key);
      if (value === undefined) return "KeyError";
      if (request.method === "remove") model.delete(request.key);
      return JSON.parse(value);
    }
    case "scan":
      return "a list";
    default:
      return assert.fail("no such request");
  }
}
