import assert from "assert";
import { randomFrom } from "../../lib/base/random.ts";
import { chunkBytes, freeSpareChunks } from "../../lib/bytes/byte_chunks.ts";
import { insert, lookup, PING, remove, type TextRequest } from "../engine/requests.ts";
import { isLong } from "../helpers/long.ts";
import { testsOf } from "../helpers/pure.ts";
import type { Store, StoreCommand } from "../../lib/store/store.ts";
import { FakeStore, type Faults } from "./fake_store.ts";
import { engineOver, ListSource } from "./remote_clients.ts";

const test = testsOf("remote client");

const ROUNDS = isLong ? 300 : 20;

/** The reply to a request, and the change in a model. */
function expected(model: Map<string, string>, request: TextRequest, id: number): string {
  const ok = (result: string) => `{"status":"OK","id":${id},"result":${result}}`;
  const none = (what: string, key: string) =>
    `{"status":"ERROR","id":${id},"type":"KeyError","message":${
      JSON.stringify(`Cannot ${what} ${JSON.stringify(key)}: there is no such key`)
    }}`;
  switch (request.method) {
    case "insert":
      model.set(request.key, request.value);
      return ok("null");
    case "lookup":
    case "remove": {
      const value = model.get(request.key);
      if (request.method === "remove") model.delete(request.key);
      return value === undefined
        ? none(request.method === "remove" ? "remove" : "look up", request.key)
        : ok(value);
    }
    default:
      return ok('"pong"');
  }
}

/** Random requests for a few keys, with some large values. */
function randomRequests(seed: number, count: number, prefix: string = ""): TextRequest[] {
  const random = randomFrom(seed);
  const largest = random.below(2) === 0 ? 20 : 200_000;
  return Array.from({ length: count }, (_, at) => {
    const key = `${prefix}k${random.below(largest > 20 ? 40 : 12)}`;
    const kind = random.below(20);
    if (kind === 0) return PING;
    if (kind < 8) return lookup(key);
    if (kind < 12) return remove(key);
    const bytes = random.below(2) === 0 ? random.below(largest) : 3;
    return insert(key, `"${at}${"v".repeat(bytes)}"`);
  });
}

async function runRandomly(seed: number, faults: Faults): Promise<FakeStore> {
  const store = new FakeStore(seed, faults);
  const { engine } = engineOver(store);
  const clients = Array.from({ length: 1 + seed % 4 }, (_, at) => {
    const requests = randomRequests(seed * 7 + at, 400, `c${at}-`);
    return { requests, source: new ListSource(requests, { maxOutBytes: 30_000 }) };
  });
  store.isOneClient = clients.length === 1;
  await Promise.all(clients.map(async ({ requests, source }) => {
    const lines = await source.run(engine);
    const model = new Map<string, string>();
    assert.equal(lines.length, requests.length, `seed ${seed}`);
    for (const [at, line] of lines.entries()) {
      const request = requests[at] ?? assert.fail();
      if (line.includes('"StorageError"')) {
        assert.ok((faults.failed ?? 0) > 0);
        continue; // nothing has changed
      }
      assert.equal(line, expected(model, request, at), `seed ${seed}, request ${at}`);
    }
    assert.ok(source.mostBytes < 30_000 + 210_000, `seed ${seed}: ${source.mostBytes}`);
  }));
  const { store: info } = engine.info() as { store: Record<string, unknown> };
  assert.equal(info["held_reply_bytes"], 0);
  assert.equal(info["requests_in_flight"], 0);
  return store;
}

test("random requests get the replies of a model, in order", async () => {
  let mostInFlight = 0, skipped = 0;
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const store = await runRandomly(seed, { rounds: seed % 5 });
    mostInFlight = Math.max(mostInFlight, store.mostInFlight);
    skipped += store.skipped;
  }
  assert.ok(mostInFlight > 8, `${mostInFlight}`);
  assert.ok(skipped > 0, "some values had to be asked for again");
});

test("fault: a request that fails has changed nothing, and repeated reads show newer values", async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    await runRandomly(seed, { failed: 0.05, repeated: 0.2, rounds: seed % 4 });
  }
});

test("fault: an unknown outcome has no reply, and ends the client after the replies before", async () => {
  let closed = 0;
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const store = new FakeStore(seed, { lost: 0.02, rounds: 3 });
    store.isOneClient = true;
    const { engine } = engineOver(store);
    const requests = randomRequests(seed, 100);
    const source = new ListSource(requests);
    const lines = await source.run(engine);
    const model = new Map<string, string>();
    for (const [at, line] of lines.entries()) {
      assert.equal(line, expected(model, requests[at] ?? assert.fail(), at), `seed ${seed}`);
    }
    const { closedBy } = source.client;
    if (lines.length === requests.length) {
      assert.equal(closedBy, undefined);
      continue;
    }
    closed++;
    assert.equal(closedBy, "unknown outcome");
    assert.notEqual(requests[lines.length]?.method, "lookup");
    assert.ok(source.taken <= lines.length + 64);
    assert.equal((engine.info()["store"] as Record<string, unknown>)["unknown_outcomes"], 1);
  }
  assert.ok(closed > ROUNDS / 4);
});

test("held replies are bounded, however long the values are", async () => {
  const store = new FakeStore(3, { rounds: 6 });
  const { engine } = engineOver(store);
  const value = `"${"v".repeat(100_000)}"`;
  const keys = Array.from({ length: 60 }, (_, at) => `k${at}`);
  await new ListSource(keys.map((key) => insert(key, value))).run(engine);
  let mostHeld = 0;
  store.onRound = () => {
    const info = engine.info()["store"] as Record<string, number>;
    mostHeld = Math.max(mostHeld, info["held_reply_bytes"] ?? NaN);
  };
  const source = new ListSource([...keys.map(lookup), ...keys.map(remove)], {
    maxOutBytes: 50_000,
  });
  const lines = await source.run(engine);
  assert.equal(lines.length, 120);
  for (const line of lines) assert.ok(line.endsWith(`"result":${value}}`));
  // Removes leave long values in the table until it is their turn.
  assert.ok((store.counts.get("EVALSHA") ?? 0) > 100);
  assert.ok(mostHeld > 100_000 && mostHeld <= 262_144, `${mostHeld}`);
  assert.ok(source.mostBytes < 50_000 + 110_000, `${source.mostBytes}`);
});

test("keys and values come back byte for byte", async () => {
  const store = new FakeStore();
  const { engine } = engineOver(store);
  const keys = ["", "\u0000", '"\\/\b\n', "\ud800", "\u043a", "\u{1f9a6}", "k".repeat(100_000)];
  const values = [
    '"\\ud800"',
    "1.0",
    "-0",
    "1e400",
    '{ "a" : [ 1 , 2 ] }',
    '"\\u0041"',
    '"\u{1f9a6}"',
  ];
  const source = new ListSource([
    ...keys.map((key, at) => insert(key, values[at] ?? "0")),
    ...keys.map(lookup),
    ...keys.map(remove),
    ...keys.map(lookup),
  ], { hasIds: false });
  const lines = await source.run(engine);
  const results = values.map((value) => `{"status":"OK","result":${value}}`);
  assert.deepEqual(lines.slice(7, 14), results);
  assert.deepEqual(lines.slice(14, 21), results);
  for (const line of lines.slice(21)) assert.match(line, /"type":"KeyError"/);
  assert.equal(store.size, 0);
});

test("a value that has no room in a reply is TooLarge, and a remove leaves it in the table", async () => {
  const store = new FakeStore();
  const { engine } = engineOver(store, { maxReplyBytes: 10_000 });
  const source = new ListSource([
    insert("a", `"${"v".repeat(20_000)}"`),
    lookup("a"),
    remove("a"),
    insert("b", `"${"v".repeat(8_000)}"`),
    remove("a"),
    remove("b"),
  ]);
  const lines = await source.run(engine);
  const message = (what: string) =>
    `Cannot ${what} "a": the result has 20002 bytes; a reply may have at most 10000 bytes (--max-reply)`;
  for (const [at, what] of [[1, "lookup"], [2, "remove"], [4, "remove"]] as const) {
    assert.deepEqual(JSON.parse(lines[at] ?? ""), {
      status: "ERROR",
      id: at,
      type: "TooLarge",
      message: message(what),
    });
  }
  assert.match(lines[5] ?? "", /^{"status":"OK","id":5,"result":"v{8000}"}$/);
  assert.equal(store.size, 1);
});

test("failures of the store become the failures of the protocol", async () => {
  const store = new FakeStore();
  const { engine } = engineOver(store);
  const replies = async (kind: "full" | "unavailable" | "rejected") => {
    store.failure = { kind, why: "the reason" };
    const lines = await new ListSource([insert("a", "1"), remove("a"), lookup("a")]).run(engine);
    return lines.map((line) => JSON.parse(line)).map(({ type, message }) => `${type}: ${message}`);
  };
  const change = (what: string) =>
    `StorageError: Cannot ${what} "a": it could not be made durable and was not made (the reason)`;
  const read = 'StorageError: Cannot lookup "a": the store did not answer (the reason)';
  assert.deepEqual(await replies("unavailable"), [change("insert"), change("remove"), read]);
  assert.deepEqual(await replies("rejected"), [change("insert"), change("remove"), read]);
  assert.deepEqual(await replies("full"), [
    'TableFull: Cannot insert "a": the reason; remove some keys first',
    change("remove"),
    read,
  ]);
});

test("fault: a client whose connection ends meanwhile leaves nothing behind", async () => {
  const store = new FakeStore(5, { rounds: 4 });
  const { engine } = engineOver(store);
  const keys = Array.from({ length: 40 }, (_, at) => `k${at}`);
  const value = `"${"v".repeat(50_000)}"`;
  await new ListSource(keys.map((key) => insert(key, value))).run(engine);
  freeSpareChunks();
  const bytesBefore = chunkBytes();
  const sourceOf = () => new ListSource(keys.map(lookup), { maxOutBytes: 60_000 });
  const broken = sourceOf();
  broken.isBroken = true;
  await assert.rejects(async () => await engine.attach(broken)(), /the connection was closed/);
  broken.out.clear();
  const closed = sourceOf();
  const submitted = engine.attach(closed)();
  closed.isClosed = true;
  await submitted;
  closed.out.clear(); // as the connection does
  freeSpareChunks();
  assert.equal(chunkBytes(), bytesBefore);
  const info = engine.info()["store"] as Record<string, unknown>;
  assert.equal(info["held_reply_bytes"], 0);
  assert.equal(info["requests_in_flight"], 0);
});

test("what still waits in the store is not wanted once the client has gone", async () => {
  const commands: StoreCommand[] = [];
  const store: Store = {
    durability: "replicated",
    execute: (command) => commands.push(command),
    info: () => ({}),
    close: () => Promise.resolve(),
  };
  const { engine } = engineOver(store);
  const source = new ListSource([insert("a", "1"), insert("b", "2")]);
  const submitted = engine.attach(source)();
  assert.deepEqual(commands.map(({ isUnwanted }) => isUnwanted), [false, false]);
  source.isClosed = true;
  assert.deepEqual(commands.map(({ isUnwanted }) => isUnwanted), [true, true]);
  for (const command of commands) command.failed({ kind: "unavailable", why: "not sent" });
  await submitted;
  assert.equal(source.out.length, 0);
});
