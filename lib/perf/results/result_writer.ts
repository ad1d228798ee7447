/** The results beside the report: files, a comparison, and a chart in the terminal. */
import { ExitError, messageOf } from "../../base/errors.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { compareData, comparisonLines } from "./compare.ts";
import { csvText } from "./csv.ts";
import type { Output } from "./output.ts";
import { readRawData } from "./read_data.ts";
import type { RawData } from "./series.ts";
import { terminalChart } from "./terminal_chart.ts";

const RAW_DATA = "the raw data";
const PICTURE = "a picture";

/** Reads and writes the files of results. */
export interface ResultFiles {
  read(file: string): Promise<string>;
  /** @throws {ExitError} if the folder of the file does not exist */
  requireFolderOf(file: string, what: string): Promise<void>;
  /**
   * Writes the whole file or nothing.
   *
   * @param what names the content in a message such as `Cannot write the raw data to 'x'`
   * @throws {ExitError} if the file cannot be written
   */
  write(file: string, content: string | Uint8Array, what: string): Promise<void>;
}

/** Output with a chart. */
export interface ResultOutput extends Output {
  /** Writes a line of the chart, which can have colors. */
  readonly chart: (line: string) => void;
}

/** The flags of `testperf` for results. */
export type ResultOptions = Pick<
  TestPerfConfig,
  "csvFile" | "plot" | "compareFile" | "chart" | "json" | "quiet"
>;

/** Writes all results that the flags request. */
export class ResultWriter {
  readonly #options: ResultOptions;
  readonly #files: ResultFiles;
  readonly #output: ResultOutput;
  readonly #terminal: Terminal;
  readonly #before: RawData | undefined;

  private constructor(
    options: ResultOptions,
    files: ResultFiles,
    output: ResultOutput,
    terminal: Terminal,
    before: RawData | undefined,
  ) {
    this.#options = options;
    this.#files = files;
    this.#output = output;
    this.#terminal = terminal;
    this.#before = before;
  }

  /**
   * Reads the earlier raw data and checks the folders, before time is spent on a measurement.
   *
   * @throws {ExitError} if a folder does not exist, or the earlier file is not raw data
   */
  static async prepare(
    options: ResultOptions,
    files: ResultFiles,
    output: ResultOutput,
    terminal: Terminal,
  ): Promise<ResultWriter> {
    const { compareFile, csvFile, plot } = options;
    if (csvFile !== undefined) await files.requireFolderOf(csvFile, RAW_DATA);
    if (plot !== undefined) await files.requireFolderOf(plot.file, PICTURE);
    const before = compareFile === undefined
      ? undefined
      : await readEarlierData(compareFile, files);
    return new ResultWriter(options, files, output, terminal, before);
  }

  /**
   * Writes all results: files first, because they do not depend on the others.
   *
   * @returns whether all succeeded; a note has the reason of each failure
   */
  async writeAll(data: RawData): Promise<boolean> {
    const { csvFile, plot } = this.#options;
    const before = this.#before;
    const writers = [
      ...(csvFile === undefined ? [] : [() => this.#writeFile(csvFile, csvText(data), RAW_DATA)]),
      ...(plot === undefined ? [] : [() => this.#plot(data, plot)]),
      ...(before === undefined ? [] : [() => this.#compare(before, data)]),
      ...(this.#isChartShown() ? [() => this.#chart(data)] : []),
    ];
    let isGood = true;
    for (const write of writers) {
      try {
        await write();
      } catch (error) {
        isGood = false;
        this.#output.note(messageOf(error));
      }
    }
    return isGood;
  }

  #isChartShown(): boolean {
    const { chart, json, quiet } = this.#options;
    return chart ?? (this.#terminal.isTerminal && !json && !quiet);
  }

  #compare(before: RawData, data: RawData): void {
    const lines = orFail(
      `Cannot compare with '${this.#options.compareFile}'`,
      () => comparisonLines(compareData(before, data)),
    );
    // With --json, stdout is one JSON object.
    lines.forEach(this.#options.json ? this.#output.note : this.#output.result);
  }

  #chart(data: RawData): void {
    orFail("Cannot draw the chart", () => terminalChart(data, this.#terminal))
      .forEach(this.#output.chart);
  }

  async #plot(data: RawData, { file, form }: NonNullable<ResultOptions["plot"]>): Promise<void> {
    // Imported here, so that a start without pictures does not load the code that draws them.
    const { drawPlot, plotFileNames, plotsOf } = await import("./plots.ts");
    const plots = plotsOf(data);
    if (plots.length === 0) {
      this.#output.note("Nothing to draw: nothing was measured");
    }
    for (const [at, name] of plotFileNames(file, plots).entries()) {
      const plot = plots[at];
      if (plot !== undefined) await this.#writeFile(name, await drawPlot(plot, form), PICTURE);
    }
  }

  async #writeFile(file: string, content: string | Uint8Array, what: string): Promise<void> {
    await this.#files.write(file, content, what);
    if (!this.#options.quiet) this.#output.note(`Wrote ${what} to ${file}`);
  }
}

/** Calls a function. @throws {ExitError} if it fails, with the message `failure` before the reason */
function orFail<T>(failure: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ExitError(`${failure}: ${messageOf(error)}`);
  }
}

async function readEarlierData(file: string, files: ResultFiles): Promise<RawData> {
  try {
    return readRawData(await files.read(file));
  } catch (error) {
    throw new ExitError(`Cannot compare with '${file}': ${messageOf(error)}`);
  }
}
