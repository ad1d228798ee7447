/** Proves that results are in complete files, on stdout and in the terminal, and that failures are sentences. */
import assert from "assert";
import { ExitError } from "../../../lib/base/errors.ts";
import type { Terminal } from "../../../lib/terminal/terminal.ts";
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

const PIPE: Terminal = { isTerminal: false, columns: 80, hasColors: false, hasBlocks: true };
const SCREEN: Terminal = { ...PIPE, isTerminal: true };

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
  const results: string[] = [];
  const notes: string[] = [];
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
  const output = {
    result: (line: string) => void results.push(line),
    note: (line: string) => void notes.push(line),
    chart: (line: string) => void notes.push(line),
  };
  const all = await ResultWriter.prepare({ ...OPTIONS, ...options }, files, output, terminal);
  return { isGood: await all.writeAll(data), results, notes, written };
}

const test = testsOf("result_writer");

test("without flags, the output is empty", async () => {
  const nothing = { isGood: true, results: [], notes: [], written: new Map() };
  assert.deepEqual(await writeResults({}), nothing);
});

test("each file is complete, and noted unless quiet", async () => {
  const plot = { file: "out.svg", form: "svg" } as const;
  const { isGood, notes, written, results } = await writeResults(
    { csvFile: "out.csv", plot },
    levelSweep(),
  );
  assert.ok(isGood);
  assert.deepEqual(results, []);
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

test("a chart is drawn on a terminal or with its flag, and never on stdout", async () => {
  const isShown = async (options: Partial<ResultOptions>, terminal: Terminal) => {
    const { notes, results } = await writeResults(options, RUN, terminal);
    assert.deepEqual(results, []);
    return notes.some((line) => line === "Throughput (ops/s)");
  };
  assert.equal(await isShown({}, SCREEN), true);
  assert.equal(await isShown({}, PIPE), false);
  assert.equal(await isShown({ chart: true }, PIPE), true);
  assert.equal(await isShown({ chart: false }, SCREEN), false);
  assert.equal(await isShown({ quiet: true }, SCREEN), false);
  assert.equal(await isShown({ json: true }, SCREEN), false);
  assert.equal(await isShown({ json: true, chart: true }, SCREEN), true);
});

test("a comparison is a result, but with --json a note", async () => {
  const before = { "old.json": JSON.stringify(RUN) };
  const plain = await writeResults({ compareFile: "old.json" }, RUN, PIPE, before);
  assert.match(plain.results.join("\n"), /insert with 1 client: throughput 100.0 -> 100.0 ops\/s/);
  const json = await writeResults({ compareFile: "old.json", json: true }, RUN, PIPE, before);
  assert.deepEqual(json.results, []);
  assert.deepEqual(json.notes, plain.results);
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
  const { isGood, notes, results, written } = await writeResults(options, data, PIPE, before);
  assert.equal(isGood, false);
  assert.deepEqual(results, []);
  assert.deepEqual([...written.keys()], ["out.csv"]);
  assert.match(notes[1] ?? "", /^Cannot compare with 'old.json': Invalid time value$/);
  assert.ok(notes.includes("Throughput (ops/s)"));
});

test("without stages, a note replaces the picture", async () => {
  const plot = { file: "out.svg", form: "svg" } as const;
  const { notes, written } = await writeResults({ plot }, runWith([]));
  assert.deepEqual(notes, ["Nothing to draw: nothing was measured"]);
  assert.equal(written.size, 0);
});
