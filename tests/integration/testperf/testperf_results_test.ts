/** Proves that `testperf` writes its result files. */
import assert from "assert";
import { HtClient } from "../../../lib/client/client.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { startServer } from "../../helpers/server.ts";
import { testperf } from "./testperf_program.ts";

Deno.test("testperf: raw data and a picture are in their files, and nothing else", async () => {
  await using server = startServer();
  await using folder = await TempFolder.make();
  const { code, stdout, stderr } = await testperf(
    ...[server.target, "--ops", "20", "--clients", "2"],
    ...["--csv", `${folder.path}/raw.csv`, "--plot", `${folder.path}/latency.svg`],
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted(), [
    "latency.svg",
    "raw.csv",
  ]);
  const lines = (await Deno.readTextFile(`${folder.path}/raw.csv`)).split("\r\n");
  assert.equal(lines.length, 1 + 4 * 3 + 1);
  const ops = lines.slice(1, -1).map((line) => Number(line.split(",")[11]));
  assert.deepEqual(ops, Array(4).fill([20, 20, 40]).flat());
  assert.match(
    await Deno.readTextFile(`${folder.path}/latency.svg`),
    /^<svg .*Latency with 2 clients/s,
  );
  // A pipe gets neither a bar nor a chart.
  assert.equal(stdout.trimEnd().split("\n").length, 4 * 3);
  assert.ok(!stderr.includes("\x1b"), stderr);
  assert.doesNotMatch(stderr, /\u2588|Throughput/);
});

Deno.test("testperf: a file that cannot be written or compared ends it before it measures", async () => {
  await using server = startServer();
  await using folder = await TempFolder.make();
  const sentences = {
    [`--csv ${folder.path}/none/raw.csv`]:
      /^testperf: Cannot write the raw data to '[^']*none\/raw.csv': there is no such folder$/m,
    "--compare README.md": /^testperf: Cannot compare with 'README.md': it is not JSON [^\n]*\n$/,
  };
  for (const [flags, sentence] of Object.entries(sentences)) {
    const { code, stdout, stderr } = await testperf(server.target, ...flags.split(" "));
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, sentence);
  }
});

Deno.test("testperf: a note has the number of earlier keys, if scans read more of them than of the run", async () => {
  await using server = startServer();
  const client = await HtClient.connect(server.target);
  for (const key of ["a", "b", "c"]) await client.insert(key, 1);
  await client.close();
  const NOTE = /^scan: the table had 3 keys before this run, and each scan reads them, too/m;
  assert.match((await testperf(server.target, "--ops", "2")).stderr, NOTE);
  assert.doesNotMatch((await testperf(server.target, "--ops", "3")).stderr, NOTE);
});

Deno.test("testperf: no foreign text controls the terminal", async () => {
  await using server = startServer();
  await using folder = await TempFolder.make();
  const flags = [server.target, "--ops", "5"] as const;
  const note = await testperf(...flags, "--csv", `${folder.path}/\x1b[31m.csv`);
  assert.equal(note.code, 0, note.stderr);
  assert.match(note.stderr, /^Wrote the raw data to .*\/\\u001b\[31m.csv$/m);
  const error = await testperf(...flags, "--compare", `${folder.path}/\x1b[31m.json`);
  assert.match(error.stderr, /^testperf: Cannot compare with '.*\/\\u001b\[31m.json'/);
  assert.ok(!`${note.stderr}${error.stderr}`.includes("\x1b"));
});
