/** Proves that each mode ends soon when its server is gone, with the results so far. */
import assert from "assert";
import { HtClient } from "../../../lib/client/client.ts";
import { LineClient } from "../../../lib/client/line_client.ts";
import { exportTable, importTable } from "../../../lib/cli/htclient/import_export.ts";
import { EXIT, ExitError } from "../../../lib/base/errors.ts";
import { settlesWithin } from "../../../lib/base/clock.ts";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { runBasics } from "../../../lib/perf/basics.ts";
import { measure } from "../../../lib/perf/measure.ts";
import { runOutliers } from "../../../lib/perf/outliers.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { fromSource, run } from "../../../bench/harness/program.ts";
import { startServer } from "../../helpers/server.ts";
import { TcpProxy } from "../../client/tcp_proxy.ts";

/** Limit of a call, in milliseconds: five times the longest call on a busy machine. */
const LIMIT_MS = 1_000;

/** Time for a few limits on a busy machine, and too short for one limit for each operation. */
const PATIENCE_MS = 60_000;

const OPTIONS = { timeoutMs: LIMIT_MS };

/** The behavior of a server that is gone. */
type End = "refuses" | "is silent";

/** Runs a test against a server behind a proxy that ends after a number of requests. */
async function withDying(
  end: End,
  requests: number,
  use: (target: string) => Promise<unknown>,
): Promise<void> {
  await using server = startServer();
  let closing: Promise<void> | undefined;
  const proxy: TcpProxy = new TcpProxy(server.port, {
    onRequests(count) {
      if (count < requests) return;
      if (end === "is silent") proxy.mute();
      else closing ??= proxy[Symbol.asyncDispose]();
    },
  });
  const used = use(proxy.target);
  try {
    assert.ok(await settlesWithin(used, PATIENCE_MS), `${end}: it did not end`);
  } finally {
    await (closing ?? proxy[Symbol.asyncDispose]());
  }
}

function collected() {
  const results: string[] = [], notes: string[] = [];
  const result = (line: string) => void results.push(line);
  const note = (line: string) => void notes.push(line);
  return { results, notes, output: { result, note } };
}

for (const end of ["refuses", "is silent"] as const) {
  const name = (mode: string) =>
    `fault: modes that loop over single calls: ${mode}, a server that ${end}`;

  Deno.test(name("outliers"), () =>
    withDying(end, 20, async (target) => {
      const { output, results, notes } = collected();
      const client = await LineClient.connect(target, OPTIONS);
      const config = parseTestPerfConfig([target, "--outliers", "--ops", "500", "--quiet"], {});
      assert.equal(await runOutliers(client, config, output), false);
      await client.close();
      assert.match(results.join("\n"), /^insert: \d+ ops, fastest .*\nremove: \d+ ops, fastest/);
      assert.match(
        notes.join("\n"),
        /^The test ended early, after 1\d of 1000 operations: [^\n]*$/,
      );
    }));

  Deno.test(name("basics"), () =>
    withDying(end, 10, async (target) => {
      const { output, results, notes } = collected();
      const client = await HtClient.connect(target, OPTIONS);
      assert.equal(await runBasics(client, output), false);
      await client.close();
      assert.match(results[0] ?? "", /^ok /);
      assert.match(results.at(-1) ?? "", /^basics: [89] passed, 0 failed, \d+ not tried$/);
      assert.match(notes.join("\n"), /^The test ended early, at "[^\n]*$/);
    }));

  Deno.test(name("stages"), () =>
    withDying(end, 1_200, async (target) => {
      const config = parseTestPerfConfig(
        [target, "--quiet", "--pipeline", "4", "--ops", "1000"],
        {},
      );
      const { data, notes, isGood } = await measure(config, OPTIONS, { note: assert.fail });
      assert.ok(!isGood && !data.complete && data.format === "testperf run");
      const { ended, complete, sum } = data.stages.at(-1) ?? assert.fail("no stage");
      assert.deepEqual([ended, complete], ["server gone", false]);
      const { ServerNotFound: lost = 0, ConnectionLost: broken = 0, ...others } = sum.errors;
      assert.ok(lost + broken > 0 && sum.gaps.at(-1)?.answered === false);
      assert.deepEqual(others, {});
      assert.equal(data.stages[0]?.sum.ops, 1_000);
      assert.match(notes.join("\n"), /Not run: scan, remove/);
    }));

  Deno.test(name("sweep"), () =>
    withDying(end, 450, async (target) => {
      const flags = ["--sweep", "4", "--repeats", "2", "--ops", "50", "--warmup", "0", "--quiet"];
      const config = parseTestPerfConfig([target, ...flags, "--operations", "insert"], {});
      const { data, isGood } = await measure(config, OPTIONS, { note: assert.fail });
      assert.equal(isGood, false);
      assert.ok(data.format === "testperf sweep" && !data.complete && data.steps.length > 0);
    }));

  Deno.test(name("import"), () =>
    withDying(end, 1_000, async (target) => {
      await using folder = await TempFolder.make();
      const file = `${folder.path}/table`;
      const lines = Array.from({ length: 5_000 }, (_, at) => `["key ${at}",${at}]\n`);
      await Deno.writeTextFile(file, lines.join(""));
      const client = await HtClient.connect(target, OPTIONS);
      const error = await importTable(client, file).catch((error) => error);
      await client.close();
      assert.ok(error instanceof ExitError, String(error));
      assert.match(error.message, /^Cannot import all of .*; \d+ pairs of it are in the table/);
      const [, inTable, unknown] = /; (\d+) pairs.*and (\d+) more may be$/.exec(error.message) ??
        [];
      assert.ok(Number(inTable) < 1_000 && Number(unknown) > 0, error.message);
      assert.equal(error.exitCode, end === "refuses" ? EXIT.notFound : EXIT.failed);
    }));

  Deno.test(name("export"), () =>
    withDying(end, 3_003, async (target) => {
      const client = await HtClient.connect(target, OPTIONS);
      const keys = Array.from({ length: 3_000 }, (_, at) => client.insert(`key ${at}`, at));
      await Promise.all(keys);
      const lines: string[] = [];
      const error = await exportTable(client, (line) => void lines.push(line))
        .catch((error) => error);
      await client.close();
      assert.ok(error instanceof ExitError, String(error));
      assert.match(error.message, new RegExp(`ended early, after ${lines.length} pairs: `));
      assert.ok(lines.length > 0 && lines.length < 3_000, `${lines.length} lines`);
    }));

  Deno.test(name("commands from a pipe"), () =>
    withDying(end, 3, async (target) => {
      const flags = [target, "--timeout", String(LIMIT_MS / 1e3)];
      const client = fromSource("client.ts", ...flags).map((word) => `'${word}'`).join(" ");
      const commands = Array.from({ length: 200 }, (_, at) => `insert k${at} 1\\n`).join("");
      const { code, stdout, stderr } = await run(["sh", "-c", `printf '${commands}' | ${client}`]);
      assert.match(stdout, /^null\n(null\n)?$/);
      assert.match(stderr, end === "refuses" ? /refused/ : /silent: no reply for 1 s/);
      assert.equal(code, end === "refuses" ? EXIT.notFound : EXIT.failed);
    }));
}
