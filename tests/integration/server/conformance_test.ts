/** Tests the server with the protocol cases of docs/protocol-cases. Each case is sent in several ways. */
import assert from "assert";
import { FakeStorage } from "../../engine/fake_storage.ts";
import { fromSource, run } from "../../../bench/harness/program.ts";
import { RawClient } from "../../../bench/harness/raw_client.ts";
import { startServer, type TestServer } from "../../helpers/server.ts";
import { assertAllHold, CASES, casesIn, WAYS } from "./protocol_case_runs.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";

/** The server for the cases of a folder; see its README. */
const SERVERS: Readonly<Record<string, () => TestServer | Promise<TestServer>>> = {
  "": () => startServer(),
  cursors: () => startServer(),
  token: () => startServer({}, "otters-hold-hands-while-they-sleep"),
  limits: () =>
    startServer({
      maxRequestBytes: 2_000_000,
      maxReplyBytes: 500_000,
      maxTableBytes: 1_000_000,
    }),
  full: fullServer,
  "failing-disk": () => {
    const storage = new FakeStorage();
    storage.writeError = "there is no room";
    return startServer({}, undefined, { table: new HashTable(), storage });
  },
};

async function fullServer(): Promise<TestServer> {
  const server = startServer({ maxClients: 1 });
  const client = await RawClient.connect(server.port);
  await client.send('{"method":"ping"}\n');
  await client.line();
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

for (const [way, options] of Object.entries(WAYS)) {
  for (const [folder, start] of Object.entries(SERVERS)) {
    const cases = casesIn(folder);
    const name = folder === "" ? "" : ` of ${folder}`;
    Deno.test(`the ${cases.length} protocol cases${name} hold when sent ${way}`, async () => {
      await using server = await start();
      await assertAllHold(cases, { hostname: "127.0.0.1", port: server.port }, options);
    });
  }
}

Deno.test("tools/protocol_cases.ts counts cases, and prints those that fail", async () => {
  await using server = startServer();
  const cases = (...args: string[]) =>
    run(fromSource("tools/protocol_cases.ts", "127.0.0.1", String(server.port), ...args));
  const good = await cases(`${CASES}/basics.jsonl`, "--split", "3");
  assert.match(good.stdout, /^\d+ passed, 0 failed\n$/);
  assert.equal(good.code, 0, good.stderr);
  const bad = await cases(`${CASES}/token`, "--only", "an empty token is a wrong one");
  assert.match(
    bad.stdout,
    /^FAIL an empty token .*: reply 1: not ERROR: .*\n0 passed, 1 failed\n$/,
  );
  assert.equal(bad.code, 1);
  const none = await cases(`${CASES}/no-such-folder`);
  assert.match(none.stderr, /^cases: Cannot read '.*no-such-folder': it must be a file or folder/);
  assert.equal(none.code, 2);
});
