/** What is made of the raw data when all is measured: a comparison, a chart, and files. */
import { ExitError, messageOf } from "../../base/errors.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { compareData, comparisonLines } from "./compare.ts";
import { csvOf } from "./csv.ts";
import type { Output } from "./output.ts";
import { readRawData } from "./read_data.ts";
import type { RawData } from "./series.ts";
import { terminalChart } from "./terminal_chart.ts";

const RAW_DATA = "the raw data";
const PICTURE = "a picture";

/** The disk. */
export interface ResultFiles {
  read(file: string): Promise<string>;
  /** @throws {ExitError} where there is no folder to write that file to */
  requireFolderOf(file: string, what: string): Promise<void>;
  /**
   * Writes a whole file or nothing.
   *
   * @param what it is, in a sentence such as `Cannot write the raw data to 'x'`
   * @throws {ExitError} where it cannot be written
   */
  write(file: string, content: string | Uint8Array, what: string): Promise<void>;
}

/** Where lines go. */
export interface ResultsOutput extends Output {
  /** Takes a line of the chart, which may have colors. */
  readonly chart: (line: string) => void;
}

/** What was asked for. */
export type ResultsWanted = Pick<
  TestPerfConfig,
  "csvFile" | "plot" | "compareFile" | "chart" | "json" | "quiet"
>;

/** Gives results beside the result lines. */
export class Results {
  readonly #wanted: ResultsWanted;
  readonly #files: ResultFiles;
  readonly #output: ResultsOutput;
  readonly #terminal: Terminal;
  readonly #before: RawData | undefined;

  private constructor(
    wanted: ResultsWanted,
    files: ResultFiles,
    output: ResultsOutput,
    terminal: Terminal,
    before: RawData | undefined,
  ) {
    this.#wanted = wanted;
    this.#files = files;
    this.#output = output;
    this.#terminal = terminal;
    this.#before = before;
  }

  /**
   * Reads what is to be compared with, and looks for the folders to write to, before anything is
   * measured in vain.
   *
   * @throws {ExitError} where there is no such folder, or what is read is no raw data
   */
  static async prepare(
    wanted: ResultsWanted,
    files: ResultFiles,
    output: ResultsOutput,
    terminal: Terminal,
  ): Promise<Results> {
    const { compareFile, csvFile, plot } = wanted;
    if (csvFile !== undefined) await files.requireFolderOf(csvFile, RAW_DATA);
    if (plot !== undefined) await files.requireFolderOf(plot.file, PICTURE);
    const before = compareFile === undefined ? undefined : await earlier(compareFile, files);
    return new Results(wanted, files, output, terminal, before);
  }

  /**
   * Gives them, after the result lines; files first, whatever becomes of the others.
   *
   * @returns whether all could be given; where not, a note said why
   */
  async give(data: RawData): Promise<boolean> {
    const { csvFile, plot } = this.#wanted;
    const before = this.#before;
    const givers = [
      ...(csvFile === undefined ? [] : [() => this.#write(csvFile, csvOf(data), RAW_DATA)]),
      ...(plot === undefined ? [] : [() => this.#plot(data, plot)]),
      ...(before === undefined ? [] : [() => this.#compare(before, data)]),
      ...(this.#isChartShown() ? [() => this.#chart(data)] : []),
    ];
    let isGood = true;
    for (const give of givers) {
      try {
        await give();
      } catch (error) {
        isGood = false;
        this.#output.note(messageOf(error));
      }
    }
    return isGood;
  }

  #isChartShown(): boolean {
    const { chart, json, quiet } = this.#wanted;
    return chart ?? (this.#terminal.isThere && !json && !quiet);
  }

  #compare(before: RawData, data: RawData): void {
    const lines = made(
      `Cannot compare with '${this.#wanted.compareFile}'`,
      () => comparisonLines(compareData(before, data)),
    );
    // With --json, stdout is one JSON object.
    lines.forEach(this.#wanted.json ? this.#output.note : this.#output.result);
  }

  #chart(data: RawData): void {
    made("Cannot draw the chart", () => terminalChart(data, this.#terminal))
      .forEach(this.#output.chart);
  }

  async #plot(data: RawData, { file, form }: NonNullable<ResultsWanted["plot"]>): Promise<void> {
    // Not before: whoever wants no pictures need not wait for the code that makes them.
    const [{ plotsOf }, { drawn, plotFileNames }] = await Promise.all([
      import("./plots.ts"),
      import("./plot_files.ts"),
    ]);
    const plots = plotsOf(data);
    if (plots.length === 0) {
      this.#output.note("There is nothing to draw, since nothing was measured");
    }
    for (const [at, name] of plotFileNames(file, plots).entries()) {
      const plot = plots[at];
      if (plot !== undefined) await this.#write(name, await drawn(plot, form), PICTURE);
    }
  }

  async #write(file: string, content: string | Uint8Array, what: string): Promise<void> {
    await this.#files.write(file, content, what);
    if (!this.#wanted.quiet) this.#output.note(`Wrote ${what} to ${file}`);
  }
}

/** @throws {ExitError} with what could not be done, where it could not */
function made<T>(otherwise: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ExitError(`${otherwise}: ${messageOf(error)}`);
  }
}

async function earlier(file: string, files: ResultFiles): Promise<RawData> {
  try {
    return readRawData(await files.read(file));
  } catch (error) {
    throw new ExitError(`Cannot compare with '${file}': ${messageOf(error)}`);
  }
}
