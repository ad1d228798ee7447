/** Tests the server with the protocol cases of docs/protocol-cases. Each case is sent in several ways. */
import assert from "assert";
import { readdirSync } from "node:fs";
import { parseCases, type ProtocolCase } from "../../../tools/protocol_cases/protocol_case.ts";
import { type CaseOptions, runCase } from "../../../tools/protocol_cases/run_case.ts";
import { FakeStorage } from "../../engine/fake_storage.ts";
import { fromSource, run, TOP } from "../../../bench/harness/program.ts";
import { RawClient } from "../../../bench/harness/raw_client.ts";
import { startServer, type TestServer } from "../../helpers/server.ts";
import { HashTable } from "../../../lib/table/hash_table.ts";

const OWN = `${TOP}docs/protocol-cases`;

const WAYS: Readonly<Record<string, Pick<CaseOptions, "splitBytes" | "isPipelined">>> = {
  "a line at a time": {},
  "a byte at a time": { splitBytes: 1 },
  "seven bytes at a time": { splitBytes: 7 },
  "a whole case at once": { isPipelined: true },
};

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

/** Reads the cases of a folder. */
function casesIn(folder: string): ProtocolCase[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
  return names.flatMap((name) => parseCases(Deno.readTextFileSync(`${folder}/${name}`)));
}

async function assertAllHold(
  cases: readonly ProtocolCase[],
  start: () => TestServer | Promise<TestServer>,
  way: Pick<CaseOptions, "splitBytes" | "isPipelined">,
): Promise<void> {
  await using server = await start();
  const problems: string[] = [];
  for (const one of cases) {
    const problem = await runCase(one, { hostname: "127.0.0.1", port: server.port, ...way });
    if (problem !== undefined) problems.push(`${one.name}: ${problem}`);
  }
  assert.deepEqual(problems, []);
}

for (const [way, options] of Object.entries(WAYS)) {
  for (const [folder, start] of Object.entries(SERVERS)) {
    const cases = casesIn(`${OWN}/${folder}`);
    const name = folder === "" ? "" : ` of ${folder}`;
    Deno.test(`the ${cases.length} protocol cases${name} hold when sent ${way}`, async () => {
      assert.ok(cases.length > 0, `${OWN}/${folder} holds no cases`);
      await assertAllHold(cases, start, options);
    });
  }
}

Deno.test("tools/protocol_cases.ts counts cases, and prints those that fail", async () => {
  await using server = startServer();
  const cases = (...args: string[]) =>
    run(fromSource("tools/protocol_cases.ts", "127.0.0.1", String(server.port), ...args));
  const good = await cases(`${OWN}/basics.jsonl`, "--split", "3");
  assert.match(good.stdout, /^\d+ passed, 0 failed\n$/);
  assert.equal(good.code, 0, good.stderr);
  const bad = await cases(`${OWN}/token`, "--only", "an empty token is a wrong one");
  assert.match(
    bad.stdout,
    /^FAIL an empty token .*: reply 1: not ERROR: .*\n0 passed, 1 failed\n$/,
  );
  assert.equal(bad.code, 1);
  const none = await cases(`${OWN}/no-such-folder`);
  assert.match(none.stderr, /^cases: Cannot read '.*no-such-folder': it must be a file or folder/);
  assert.equal(none.code, 2);
});
