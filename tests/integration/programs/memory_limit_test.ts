/** Tests the executable in a container of 250 MB: it replies `TableFull`, and the kernel does not kill it. */
import assert from "assert";
import { executables } from "./executables.ts";
import { after } from "./isolated_process.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { testIf } from "../../helpers/needs.ts";
import { canLimitMemory, MemoryGroup } from "./memory_group.ts";
import { ALONE_ON_DISK } from "../../../bench/harness/program.ts";
import { RawClient } from "../../../bench/harness/raw_client.ts";

const LIMIT_BYTES = 250_000_000;

const built = await executables();
const FAULT = "fault: memory limit of the container:";
const RIGHT = "the right to make control groups";

const serverAfter = (line: string, ...args: string[]) =>
  after(line, built.path("htserver"), "t", ...ALONE_ON_DISK, ...args);

// Swap may hold what does not fit.
if (Deno.systemMemoryInfo().swapTotal === 0) {
  testIf(canLimitMemory, RIGHT, `${FAULT} a table that does not fit is rejected`, async () => {
    await using folder = await TempFolder.make();
    const args = ["--data", `${folder.path}/t.ht`, "--fsync", "never"];
    {
      await using server = serverAfter("true", ...args);
      using client = await RawClient.connect(await server.port());
      const value = "v".repeat(1_000_000);
      for (let count = 0; count < 250; count++) {
        await client.send(`{"method":"insert","key":"${count}","value":"${value}"}\n`);
        assert.equal((await client.reply())["status"], "OK");
      }
      server.kill("SIGTERM");
      assert.equal((await server.end()).code, 0);
    }
    await using group = MemoryGroup.make(LIMIT_BYTES);
    await using server = serverAfter(group.enter, ...args, "--max-memory", "1GB");
    const { code, stderr } = await server.end();
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^htserver: Cannot use the data folder .* must fit into the memory of/m);
    assert.match(stderr, / warn: --max-memory is more than /);
  });
}

testIf(canLimitMemory, RIGHT, `${FAULT} TableFull, and the kernel kills no process`, async () => {
  await using folder = await TempFolder.make();
  await using group = MemoryGroup.make(LIMIT_BYTES);
  // Pages of the log and of checkpoints in the cache count, too.
  const args = ["--data", `${folder.path}/t.ht`, "--fsync", "never"];
  await using server = serverAfter(group.enter, ...args);
  using client = await RawClient.connect(await server.port());
  const ask = async (request: Record<string, unknown>): Promise<Record<string, unknown>> => {
    await client.send(JSON.stringify(request) + "\n");
    return await client.reply();
  };
  const { limits } = (await ask({ method: "info" }))["result"] as {
    limits: { max_table_bytes: number };
  };
  assert.ok(limits.max_table_bytes < LIMIT_BYTES / 2, `${limits.max_table_bytes} bytes`);
  const value = "v".repeat(1_000_000);
  let type: unknown;
  for (let count = 0; count < 1_000 && type === undefined; count++) {
    type = (await ask({ method: "insert", key: `key ${count}`, value }))["type"];
  }
  assert.equal(type, "TableFull");
  // Other clients send half of their largest requests.
  using others = new DisposableStack();
  for (let count = 0; count < 5; count++) {
    const other = others.use(await RawClient.connect(await server.port()));
    await other.send(`{"method":"insert","key":"k","value":"${"v".repeat(15_000_000)}`);
  }
  assert.equal((await ask({ method: "lookup", key: "key 0" }))["status"], "OK");
  server.kill("SIGTERM");
  assert.equal((await server.end()).code, 0);
});
