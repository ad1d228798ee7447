/** What is made of the raw data when all is measured: a comparison, a chart, and files. */
import { ExitError, messageOf } from "../base/errors.ts";
import type { Terminal } from "../base/terminal.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import { compareData, comparisonLines } from "./compare.ts";
import { csvOf } from "./csv.ts";
import type { Output } from "./performance.ts";
import { readRawData } from "./read_data.ts";
import type { RawData } from "./series.ts";
import { terminalChart } from "./terminal_chart.ts";

/** The disk. */
export interface ResultFiles {
  read(file: string): Promise<string>;
  /**
   * Writes a whole file or nothing.
   *
   * @param what it is, in a sentence such as `Cannot write the raw data to 'x'`
   * @throws {ExitError} where it cannot be written
   */
  write(file: string, content: string | Uint8Array, what: string): Promise<void>;
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
  readonly #output: Output;
  readonly #terminal: Terminal;
  readonly #before: RawData | undefined;

  private constructor(
    wanted: ResultsWanted,
    files: ResultFiles,
    output: Output,
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
   * Reads what is to be compared with, before anything is measured in vain.
   *
   * @throws {ExitError} where it cannot be read, or is no raw data
   */
  static async prepare(
    wanted: ResultsWanted,
    files: ResultFiles,
    output: Output,
    terminal: Terminal,
  ): Promise<Results> {
    const { compareFile } = wanted;
    const before = compareFile === undefined ? undefined : await earlier(compareFile, files);
    return new Results(wanted, files, output, terminal, before);
  }

  /**
   * Gives them, after the result lines.
   *
   * @returns whether all files could be written; where not, a note said why
   */
  async give(data: RawData): Promise<boolean> {
    const { csvFile, plot, json } = this.#wanted;
    if (this.#before !== undefined) {
      const lines = comparisonLines(compareData(this.#before, data));
      // With --json, stdout is one JSON object.
      lines.forEach(json ? this.#output.note : this.#output.result);
    }
    if (this.#isChartShown()) terminalChart(data, this.#terminal).forEach(this.#output.note);
    const writers = [
      ...(csvFile === undefined ? [] : [() => this.#write(csvFile, csvOf(data), "the raw data")]),
      ...(plot === undefined ? [] : [() => this.#plot(data, plot)]),
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
    const { chart, json, quiet } = this.#wanted;
    return chart ?? (this.#terminal.isThere && !json && !quiet);
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
      if (plot !== undefined) await this.#write(name, await drawn(plot, form), "a picture");
    }
  }

  async #write(file: string, content: string | Uint8Array, what: string): Promise<void> {
    await this.#files.write(file, content, what);
    if (!this.#wanted.quiet) this.#output.note(`Wrote ${what} to ${file}`);
  }
}

async function earlier(file: string, files: ResultFiles): Promise<RawData> {
  try {
    return readRawData(await files.read(file));
  } catch (error) {
    throw new ExitError(`Cannot compare with '${file}': ${messageOf(error)}`);
  }
}
