/** Tests a server over a store with the protocol cases of docs/protocol-cases. */
import assert from "assert";
import { readdirSync } from "node:fs";
import { parseCases, type ProtocolCase } from "../../tools/protocol_cases/protocol_case.ts";
import { type CaseOptions, runCase } from "../../tools/protocol_cases/run_case.ts";
import { TOP } from "../../bench/harness/program.ts";
import type { TestServer } from "../helpers/server.ts";
import { FakeStore } from "./fake_store.ts";
import { startRemoteServer } from "./remote_server.ts";

const CASES = `${TOP}docs/protocol-cases`;

const WAYS: Readonly<Record<string, Pick<CaseOptions, "splitBytes" | "isPipelined">>> = {
  "a line at a time": {},
  "a whole case at once": { isPipelined: true },
};

const SERVERS: Readonly<Record<string, () => TestServer>> = {
  "": () => startRemoteServer(new FakeStore(1, { rounds: 0 })),
  cursors: () => startRemoteServer(new FakeStore(1, { rounds: 0 })),
  token: () =>
    startRemoteServer(new FakeStore(1, { rounds: 0 }), {}, "otters-hold-hands-while-they-sleep"),
};

function casesIn(folder: string): ProtocolCase[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
  return names.flatMap((name) => parseCases(Deno.readTextFileSync(`${folder}/${name}`)));
}

for (const [way, options] of Object.entries(WAYS)) {
  for (const [folder, start] of Object.entries(SERVERS)) {
    const cases = casesIn(`${CASES}/${folder}`);
    const name = folder === "" ? "" : ` of ${folder}`;
    Deno.test(`over a store, the ${cases.length} protocol cases${name} hold when sent ${way}`, async () => {
      await using server = start();
      const problems: string[] = [];
      for (const one of cases) {
        const problem = await runCase(one, {
          hostname: "127.0.0.1",
          port: server.port,
          ...options,
        });
        if (problem !== undefined) problems.push(`${one.name}: ${problem}`);
      }
      assert.deepEqual(problems, []);
    });
  }
}
