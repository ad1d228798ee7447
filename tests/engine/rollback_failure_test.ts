import assert from "assert";
import { CommitsBench, eventLoop, insert } from "./group_commit_bench.ts";
import { ListedClient, pairsOf } from "./durable_engine.ts";

Deno.test("rollback: a client whose requests cannot be executed again is ended", async () => {
  using bench = new CommitsBench();
  bench.storage.whyNoWrites = "full";
  // A slice has 64 requests; the 65th is held for the next one.
  const client = new ListedClient(
    Array.from({ length: 70 }, (_, n) => insert(`k${n}`, String(n))),
  );
  const { out } = client;
  const pairs = pairsOf(bench.table).length;
  const next = client.next.bind(client);
  client.next = () => {
    bench.clock.advance(1);
    return next();
  };
  const addFrom = out.addFrom.bind(out);
  out.addFrom = () => {
    bench.storage.whyNoWrites = undefined;
    throw new RangeError("no memory");
  };
  let failed = false;
  await client.submitTo(bench).catch(() => {
    failed = true;
    out.clear(); // as a connection does
    out.addFrom = addFrom;
  });
  assert.ok(failed);
  for (let round = 0; round < 10; round++) await eventLoop();
  assert.equal(pairsOf(bench.table).length, pairs);
  assert.equal(out.length, 0, `replies after its end: ${out.length} bytes`);
});
