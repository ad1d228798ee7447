/** Proves that results are in complete files, and that failures are sentences. */
import assert from "assert";
import { ExitError } from "../../../lib/base/errors.ts";
import type { ReportTerminal } from "../../../lib/perf/results/report_form.ts";
import { type ResultOptions, ResultWriter } from "../../../lib/perf/results/result_writer.ts";
import type { RawData } from "../../../lib/perf/results/series.ts";
import { levelSweep, runWith, stageOf } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const RUN = runWith([stageOf("insert", 1, 100), stageOf("lookup", 1, 300)]);

const OPTIONS: ResultOptions = {
  csvFile: undefined,
  plot: undefined,
  compareFile: undefined,
  chart: undefined,
  json: false,
  quiet: false,
};

const PIPE: ReportTerminal = { hasStdout: false, isSmart: true, columns: () => 80 };
const SCREEN: ReportTerminal = { ...PIPE, hasStdout: true };

/**
 * Writes results, and returns the output.
 *
 * @param readable existing files. Names that begin with `/no` cannot be written, and those that begin
 * with `/none` have no folder.
 */
async function writeResults(
  options: Partial<ResultOptions>,
  data: RawData = RUN,
  terminal = PIPE,
  readable: Readonly<Record<string, string>> = {},
) {
  const written = new Map<string, string | Uint8Array>();
  const files = {
    requireFolderOf: (file: string, what: string) =>
      file.startsWith("/none")
        ? Promise.reject(new ExitError(`Cannot write ${what} to '${file}': no folder`))
        : Promise.resolve(),
    read: (file: string) => {
      const text = readable[file];
      return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(text);
    },
    write: (file: string, content: string | Uint8Array, what: string) => {
      if (file.startsWith("/no")) throw new ExitError(`Cannot write ${what} to '${file}': full`);
      written.set(file, content);
      return Promise.resolve();
    },
  };
  const writer = await ResultWriter.prepare({ ...OPTIONS, ...options }, files, terminal);
  return { ...await writer.writeAll(data), written };
}

const test = testsOf("result_writer");

test("without flags, the output is empty", async () => {
  const nothing = { isGood: true, comparison: [], chart: [], notes: [], written: new Map() };
  assert.deepEqual(await writeResults({}), nothing);
});

test("each file is complete, and noted unless quiet", async () => {
  const plot = { file: "out.svg", form: "svg" } as const;
  const { isGood, notes, written } = await writeResults(
    { csvFile: "out.csv", plot },
    levelSweep(),
  );
  assert.ok(isGood);
  assert.deepEqual([...written.keys()], [
    "out.csv",
    "out-throughput.svg",
    "out-per-client.svg",
    "out-throughput-insert.svg",
    "out-throughput-lookup.svg",
    "out-latency-insert.svg",
    "out-latency-lookup.svg",
  ]);
  assert.deepEqual(notes.slice(0, 2), [
    "Wrote the raw data to out.csv",
    "Wrote a picture to out-throughput.svg",
  ]);
  assert.deepEqual((await writeResults({ csvFile: "out.csv", quiet: true })).notes, []);
});

test("a file that cannot be written is one sentence, and the others are written", async () => {
  const plot = { file: "run.svg", form: "svg" } as const;
  const { isGood, notes, written } = await writeResults({ csvFile: "/no/a.csv", plot });
  assert.equal(isGood, false);
  assert.deepEqual(notes, [
    "Cannot write the raw data to '/no/a.csv': full",
    "Wrote a picture to run.svg",
  ]);
  assert.deepEqual([...written.keys()], ["run.svg"]);
});

test("a sweep in a block has a chart, and so has any form with the flag", async () => {
  const hasChart = async (
    options: Partial<ResultOptions>,
    terminal: ReportTerminal,
    data: RawData,
  ) => (await writeResults(options, data, terminal)).chart.length > 0;
  const sweep = levelSweep();
  assert.equal(await hasChart({}, SCREEN, sweep), true);
  assert.equal(await hasChart({}, SCREEN, RUN), false);
  assert.equal(await hasChart({}, PIPE, sweep), false);
  assert.equal(await hasChart({ chart: true }, PIPE, RUN), true);
  assert.equal(await hasChart({ chart: false }, SCREEN, sweep), false);
  assert.equal(await hasChart({ quiet: true }, SCREEN, sweep), false);
  assert.equal(await hasChart({ json: true }, SCREEN, sweep), false);
  assert.equal(await hasChart({ json: true, chart: true }, SCREEN, sweep), true);
});

test("a comparison has the changes since the earlier run", async () => {
  const before = { "old.json": JSON.stringify(RUN) };
  const { comparison } = await writeResults({ compareFile: "old.json" }, RUN, PIPE, before);
  assert.match(comparison.join("\n"), /insert with 1 client: throughput 100.0 -> 100.0 ops\/s/);
});

test("a file that is not raw data is rejected before the measurement", async () => {
  const readable = { "text": "insert: 1000 ops", "other.json": "{}" };
  const reasons = {
    "missing.json": "no such file",
    "text": "it is not JSON .*",
    "other.json": "it is not the output of testperf --json",
  };
  for (const [file, why] of Object.entries(reasons)) {
    const message = new RegExp(`^Cannot compare with '${file}': ${why}$`);
    const error = { name: "ExitError", exitCode: 1, message };
    await assert.rejects(writeResults({ compareFile: file }, RUN, PIPE, readable), error);
  }
});

test("a file without a folder is rejected before the measurement", async () => {
  const plot = { file: "/none/a.svg", form: "svg" } as const;
  for (const options of [{ csvFile: "/none/a.csv" }, { plot }]) {
    // A failure after the measurement would be a note.
    await assert.rejects(
      writeResults(options),
      /^ExitError: Cannot write .* '\/none\/a\..*: no folder/,
    );
  }
});

test("a comparison that fails is one sentence, and the files are written", async () => {
  // Fails during the comparison, which no check of a file detects.
  const data = { ...RUN, startedUnixMs: NaN };
  const before = { "old.json": JSON.stringify(RUN) };
  const options = { compareFile: "old.json", csvFile: "out.csv", chart: true };
  const { isGood, notes, comparison, chart, written } = await writeResults(
    ...[options, data, PIPE, before] as const,
  );
  assert.equal(isGood, false);
  assert.deepEqual(comparison, []);
  assert.deepEqual([...written.keys()], ["out.csv"]);
  assert.match(notes[1] ?? "", /^Cannot compare with 'old.json': Invalid time value$/);
  assert.equal(chart[0], "Throughput (ops/s)");
});

test("without stages, a note replaces the picture", async () => {
  const plot = { file: "out.svg", form: "svg" } as const;
  const { notes, written } = await writeResults({ plot }, runWith([]));
  assert.deepEqual(notes, ["Nothing to draw: nothing was measured"]);
  assert.equal(written.size, 0);
});
