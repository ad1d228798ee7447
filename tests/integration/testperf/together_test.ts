/**
 * Proves that the throughputs of testperf processes that were started together may be added up: the sum
 * agrees with the server's own count over the same interval.
 */
import assert from "assert";
import { ONE_HOST, TwoHosts } from "../../../bench/harness/hosts.ts";
import { ALONE, fromSource, isInstalled, Program } from "../../../bench/harness/program.ts";
import { messageOf } from "../../../lib/base/errors.ts";
import { OPERATIONS } from "../../../lib/perf/workload/operation.ts";
import { isLong } from "../../helpers/long.ts";
import { testWithHosts } from "../../helpers/needs.ts";
import { type Differences, differencesText, measureTogether, type Together } from "./together.ts";

/** Processes that measure together. */
const PROCESSES = 4;

/** Runs of each experiment. */
const ROUNDS = 10;

/** Maximum difference. */
const MAX_DIFFERENCE = 0.03;

/** Difference of the clocks of two hosts, in seconds. */
const CLOCKS_DIFFER_S = 0.05;

/** Flags of two clients in two processes. */
const TWO_WORKERS = ["--clients", "2", "--processes", "2"];

const TESTPERF = fromSource("testperf.ts");

/** Another program can disturb one comparison; a systematic error would stay in all attempts. */
const ATTEMPTS = 3;

Deno.test("two processes that were started together measure the same intervals, and add up", async () => {
  await using server = new Program(fromSource("server.ts", "sum-a4", ...ALONE));
  const target = `127.0.0.1:${await server.port()}`;
  const testperfs = [TESTPERF, TESTPERF];
  const failures: string[] = [];
  while (failures.length < ATTEMPTS) {
    try {
      // On a busy machine, few scans end in a second, and keys for removes are used up.
      const flags = ["--duration", "1", "--operations", "insert,lookup", ...TWO_WORKERS];
      assertAddedUp(await measureTogether({ target, host: ONE_HOST.server, testperfs, flags }));
      return;
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  assert.fail(failures.join("\n"));
});

if (isLong) {
  for (const isBusy of [false, true]) {
    const beside = isBusy ? " beside a busy loop" : "";
    const startLoop = () =>
      isBusy ? new Program([Deno.execPath(), "eval", "for (;;);"]) : undefined;

    const name = `four processes${beside}`;
    Deno.test(`${name}: their sum is the count of the server`, async () => {
      await using server = new Program(fromSource("server.ts", "sum-a4", ...ALONE));
      const target = `127.0.0.1:${await server.port()}`;
      await using _loop = startLoop();
      const testperfs = Array(PROCESSES).fill(TESTPERF);
      await repeat(name, { target, host: ONE_HOST.server, testperfs });
    });

    const spread = `four processes on two hosts whose clocks differ${beside}`;
    await testWithHosts(`${spread}: their sum is the count of the server`, async () => {
      assert.ok(isInstalled("faketime"), "it needs faketime (Debian: apt-get install faketime)");
      await using hosts = await TwoHosts.make();
      const { server: host, clients, catalog } = hosts;
      const alone = ["--no-catalog", "--local-catalog", "off", "--memory"];
      await using server = new Program(
        host.command(fromSource("server.ts", "sum-a4", ...alone)),
      );
      const target = `${host.address}:${await server.port()}`;
      await using _loop = startLoop();
      const late = ["env", "DONT_FAKE_MONOTONIC=1", "faketime", "-f", `+${CLOCKS_DIFFER_S}s`];
      const testperfs = [
        ...Array(PROCESSES / 2).fill(clients.command(TESTPERF)),
        ...Array(PROCESSES / 2).fill(catalog.command([...late, ...TESTPERF])),
      ];
      await repeat(spread, { target, host, testperfs });
    });
  }
}

/** Runs an experiment ten times, and reports each round. */
async function repeat(name: string, experiment: Together): Promise<void> {
  const rounds: Differences[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const differences = await measureTogether(experiment);
    rounds.push(differences);
    console.log(`${name}, round ${round}: ${differencesText(differences)}`);
  }
  const worst = Object.fromEntries(OPERATIONS.map((operation) => [
    operation,
    rounds.map((differences) => differences[operation] ?? NaN)
      .reduce((most, one) => Math.abs(one) > Math.abs(most) ? one : most),
  ]));
  console.log(`${name}, worst of ${ROUNDS}: ${differencesText(worst)}`);
  assertAddedUp(worst);
}

function assertAddedUp(differences: Differences): void {
  const isGood = Object.values(differences).every((share) => Math.abs(share) <= MAX_DIFFERENCE);
  assert.ok(isGood, differencesText(differences));
}
