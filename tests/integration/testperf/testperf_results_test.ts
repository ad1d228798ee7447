/** Proves that `testperf` writes its result files, and that bar and chart are for terminals only. */
import assert from "assert";
import { testWith } from "../../helpers/needs.ts";
import { fromSource, run } from "../../../bench/harness/program.ts";
import { startServer } from "../../helpers/server.ts";

/** Creates a folder that is removed when the test ends. */
async function scratch() {
  const path = await Deno.makeTempDir({ prefix: "testperf" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("testperf: raw data and a picture are in their files, and nothing else", async () => {
  await using server = startServer();
  await using folder = await scratch();
  const { code, stdout, stderr } = await run(fromSource(
    "testperf.ts",
    ...[server.target, "--ops", "20", "--clients", "2"],
    ...["--csv", `${folder.path}/raw.csv`, "--plot", `${folder.path}/latency.svg`],
  ));
  assert.equal(code, 0, stderr);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted(), [
    "latency.svg",
    "raw.csv",
  ]);
  const lines = (await Deno.readTextFile(`${folder.path}/raw.csv`)).split("\r\n");
  assert.equal(lines.length, 1 + 4 * 3 + 1);
  const ops = lines.slice(1, -1).map((line) => Number(line.split(",")[11]));
  assert.deepEqual(ops, Array(4).fill([20, 20, 40]).flat());
  assert.match(await Deno.readTextFile(`${folder.path}/latency.svg`), /^<svg .*Latency \(ms\)/s);
  // A pipe gets neither a bar nor a chart.
  assert.equal(stdout.trimEnd().split("\n").length, 4 * 3);
  assert.ok(!stderr.includes("\x1b"), stderr);
  assert.doesNotMatch(stderr, /\u2588|Throughput/);
});

Deno.test("testperf: a file without a folder is one sentence and exit code 1, before it measures", async () => {
  await using server = startServer();
  await using folder = await scratch();
  const file = `${folder.path}/none/raw.csv`;
  const { code, stdout, stderr } = await run(
    fromSource("testperf.ts", server.target, "--ops", "5", "--csv", file),
  );
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^testperf: Cannot write the raw data to '[^']*none\/raw.csv': there is no such folder$/m,
  );
});

Deno.test("testperf: no foreign text controls the terminal", async () => {
  await using server = startServer();
  await using folder = await scratch();
  const testperf = (...flags: string[]) =>
    run(fromSource("testperf.ts", server.target, "--ops", "5", ...flags));
  const note = await testperf("--csv", `${folder.path}/\x1b[31m.csv`);
  assert.equal(note.code, 0, note.stderr);
  assert.match(note.stderr, /^Wrote the raw data to .*\/\\u001b\[31m.csv$/m);
  const error = await testperf("--compare", `${folder.path}/\x1b[31m.json`);
  assert.match(error.stderr, /^testperf: Cannot compare with '.*\/\\u001b\[31m.json'/);
  assert.ok(!`${note.stderr}${error.stderr}`.includes("\x1b"));
});

Deno.test("testperf: a file that is not raw data ends --compare before it measures", async () => {
  await using server = startServer();
  const { code, stdout, stderr } = await run(
    fromSource("testperf.ts", server.target, "--compare", "README.md"),
  );
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^testperf: Cannot compare with 'README.md': it is not JSON [^\n]*\n$/);
});

testWith(["script"], "testperf: a terminal gets a bar with the rate, and a chart", async () => {
  await using server = startServer();
  const shell = (flags: string) =>
    run([
      ...["script", "-qec"],
      `${
        fromSource("testperf.ts", server.target).map((part) => `'${part}'`).join(" ")
      } --duration 0.6 --mix lookup=50,insert=50 ${flags}`,
      "/dev/null",
    ], { env: { TERM: "xterm" } });
  const shown = await shell("");
  assert.equal(shown.code, 0, shown.stdout);
  assert.match(shown.stdout, /mixed +\u2588*\u2591* \d+% of 0.6 s, [1-9][\d,]* ops\/s/);
  assert.match(shown.stdout, /Throughput \(ops\/s\)\r\n +insert \u2588+/);
  const quiet = await shell("--quiet");
  assert.equal(quiet.code, 0, quiet.stdout);
  assert.doesNotMatch(quiet.stdout, /%|\u2588/);
});
