import assert from "assert";
import { CommitsBench, insert } from "./group_commit_bench.ts";

Deno.test("rollback: an execution that fails again frees its chunks", async () => {
  const { chunkBytes } = await import("../../lib/bytes/byte_chunks.ts");
  const { ListedClient } = await import("./durable_engine.ts");
  using bench = new CommitsBench();
  const before = chunkBytes();
  for (let n = 0; n < 100; n++) {
    bench.storage.whyNoWrites = "full";
    const client = new ListedClient(
      Array.from({ length: 60 }, (_, n) => insert(`k${n}`, String(n))),
    );
    client.out.addFrom = () => {
      throw new RangeError("no memory");
    };
    await client.submitTo(bench).catch(() => client.out.clear());
  }
  assert.ok(chunkBytes() - before <= 64 * 4096, "more than the spare chunks");
});
