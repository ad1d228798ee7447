/** Proves where results go: to files that are whole, to stdout, to a terminal; and what failures say. */
import assert from "assert";
import { ExitError } from "../../../lib/base/errors.ts";
import type { Terminal } from "../../../lib/terminal/terminal.ts";
import { type ResultOptions, ResultWriter } from "../../../lib/perf/results/result_writer.ts";
import type { RawData } from "../../../lib/perf/results/series.ts";
import { levelSweep, runWith, stageOf } from "../raw_data.ts";

const RUN = runWith([stageOf("insert", 1, 100), stageOf("lookup", 1, 300)]);

const WANTED: ResultOptions = {
  csvFile: undefined,
  plot: undefined,
  compareFile: undefined,
  chart: undefined,
  json: false,
  quiet: false,
};

const PIPE: Terminal = { isThere: false, columns: 80, hasColors: false, hasBlocks: true };
const SCREEN: Terminal = { ...PIPE, isThere: true };

/** What came of giving results. */
interface Given {
  readonly isGood: boolean;
  readonly results: string[];
  readonly notes: string[];
  readonly written: Map<string, string | Uint8Array>;
}

/**
 * @param readable files that are there. Names that begin with `/no` cannot be written, and those that
 * begin with `/none` have no folder.
 */
async function give(
  wanted: Partial<ResultOptions>,
  data: RawData = RUN,
  terminal = PIPE,
  readable: Readonly<Record<string, string>> = {},
): Promise<Given> {
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
  const all = await ResultWriter.prepare({ ...WANTED, ...wanted }, files, output, terminal);
  return { isGood: await all.writeAll(data), results, notes, written };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `results: ${name}`, permissions: "none", fn });
}

test("nothing was asked for, nothing comes", async () => {
  assert.deepEqual(await give({}), { isGood: true, results: [], notes: [], written: new Map() });
});

test("each file is written whole, and told unless quiet", async () => {
  const plot = { file: "out.svg", form: "svg" } as const;
  const { isGood, notes, written, results } = await give(
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
  assert.deepEqual((await give({ csvFile: "out.csv", quiet: true })).notes, []);
});

test("a file that cannot be written is one sentence, and the others are written", async () => {
  const plot = { file: "run.svg", form: "svg" } as const;
  const { isGood, notes, written } = await give({ csvFile: "/no/a.csv", plot });
  assert.equal(isGood, false);
  assert.deepEqual(notes, [
    "Cannot write the raw data to '/no/a.csv': full",
    "Wrote a picture to run.svg",
  ]);
  assert.deepEqual([...written.keys()], ["run.svg"]);
});

test("a chart comes on a terminal or where it is asked for, and never on stdout", async () => {
  const isShown = async (wanted: Partial<ResultOptions>, terminal: Terminal) => {
    const { notes, results } = await give(wanted, RUN, terminal);
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

test("a comparison is a result, but beside one JSON object a note", async () => {
  const before = { "old.json": JSON.stringify(RUN) };
  const plain = await give({ compareFile: "old.json" }, RUN, PIPE, before);
  assert.match(plain.results.join("\n"), /insert with 1 client: throughput 100.0 -> 100.0 ops\/s/);
  const json = await give({ compareFile: "old.json", json: true }, RUN, PIPE, before);
  assert.deepEqual(json.results, []);
  assert.deepEqual(json.notes, plain.results);
});

test("what cannot be compared with is refused before anything is measured", async () => {
  const readable = { "text": "insert: 1000 ops", "other.json": "{}" };
  for (
    const [file, why] of [
      ["missing.json", "no such file"],
      ["text", "it is not JSON .*"],
      ["other.json", "it is not what testperf --json prints"],
    ] as const
  ) {
    await assert.rejects(give({ compareFile: file }, RUN, PIPE, readable), (error) => {
      assert.ok(error instanceof ExitError && error.exitCode === 1);
      assert.match(error.message, new RegExp(`^Cannot compare with '${file}': ${why}$`));
      return true;
    });
  }
});

test("a file without a folder is refused before anything is measured", async () => {
  const plot = { file: "/none/a.svg", form: "svg" } as const;
  for (const wanted of [{ csvFile: "/none/a.csv" }, { plot }]) {
    const files = {
      read: () => Promise.reject(new Error("no such file")),
      requireFolderOf: (file: string) => Promise.reject(new ExitError(`no folder for ${file}`)),
      write: () => Promise.resolve(),
    };
    const output = { result() {}, note() {}, chart() {} };
    await assert.rejects(
      ResultWriter.prepare({ ...WANTED, ...wanted }, files, output, PIPE),
      /^ExitError: no folder for \/none\/a\./,
    );
  }
});

test("a comparison that fails is one sentence, and costs no file", async () => {
  // Fails as it is looked at, which no check of a file foresaw.
  const data = { ...RUN, startedUnixMs: NaN };
  const before = { "old.json": JSON.stringify(RUN) };
  const wanted = { compareFile: "old.json", csvFile: "out.csv", chart: true };
  const { isGood, notes, results, written } = await give(wanted, data, PIPE, before);
  assert.equal(isGood, false);
  assert.deepEqual(results, []);
  assert.deepEqual([...written.keys()], ["out.csv"]);
  assert.match(notes[1] ?? "", /^Cannot compare with 'old.json': Invalid time value$/);
  assert.ok(notes.includes("Throughput (ops/s)"));
});

test("of nothing there is no picture, and it is said", async () => {
  const plot = { file: "out.svg", form: "svg" } as const;
  const { notes, written } = await give({ plot }, runWith([]));
  assert.deepEqual(notes, ["There is nothing to draw, since nothing was measured"]);
  assert.equal(written.size, 0);
});
