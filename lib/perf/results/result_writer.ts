/** The results beside the raw data: files, a comparison, and a chart in characters. */
import { ExitError, messageOf } from "../../base/errors.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import { compareData, comparisonLines } from "./compare.ts";
import { csvText } from "./csv.ts";
import { blockWidth, reportForm, type ReportTerminal } from "./report_form.ts";
import { readRawData } from "./read_data.ts";
import type { RawData } from "./series.ts";
import { type ChartStyle, terminalChart } from "./terminal_chart.ts";

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

/** The results that a report shows. */
export interface OtherResults {
  readonly comparison: readonly string[];
  readonly chart: readonly string[];
  /** The written files, and the reason of each failure. */
  readonly notes: readonly string[];
  /** Whether all succeeded. */
  readonly isGood: boolean;
}

/** The flags of `testperf` for results. */
export type ResultOptions = Pick<
  TestPerfConfig,
  "csvFile" | "plot" | "compareFile" | "chart" | "json" | "quiet"
>;

/** Makes all results that the flags request. */
export class ResultWriter {
  readonly #options: ResultOptions;
  readonly #files: ResultFiles;
  readonly #terminal: ReportTerminal;
  readonly #before: RawData | undefined;
  readonly #notes: string[] = [];

  private constructor(
    options: ResultOptions,
    files: ResultFiles,
    terminal: ReportTerminal,
    before: RawData | undefined,
  ) {
    this.#options = options;
    this.#files = files;
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
    terminal: ReportTerminal,
  ): Promise<ResultWriter> {
    const { compareFile, csvFile, plot } = options;
    if (csvFile !== undefined) await files.requireFolderOf(csvFile, RAW_DATA);
    if (plot !== undefined) await files.requireFolderOf(plot.file, PICTURE);
    const before = compareFile === undefined
      ? undefined
      : await readEarlierData(compareFile, files);
    return new ResultWriter(options, files, terminal, before);
  }

  /** Makes all results. */
  async writeAll(data: RawData): Promise<OtherResults> {
    const { csvFile, plot, compareFile } = this.#options;
    const before = this.#before;
    let isGood = true;
    const attempt = async <Result>(make: () => Result | Promise<Result>) => {
      try {
        return await make();
      } catch (error) {
        isGood = false;
        this.#notes.push(messageOf(error));
        return undefined;
      }
    };
    if (csvFile !== undefined) {
      await attempt(() => this.#writeFile(csvFile, csvText(data), RAW_DATA));
    }
    if (plot !== undefined) await attempt(() => this.#plot(data, plot));
    const comparison = before && await attempt(() =>
      orFail(
        `Cannot compare with '${compareFile}'`,
        () => comparisonLines(compareData(before, data)),
      )
    );
    const chart = this.#hasChart(data) &&
      await attempt(() => orFail("Cannot draw the chart", () => terminalChart(data, this.#style)));
    return { comparison: comparison ?? [], chart: chart || [], notes: this.#notes, isGood };
  }

  /** By default, a block has the chart of a sweep; a run has few figures. */
  #hasChart({ format }: RawData): boolean {
    const isShown = reportForm(this.#options, this.#terminal) === "block" &&
      format === "testperf sweep";
    return this.#options.chart ?? isShown;
  }

  get #style(): ChartStyle {
    return { columns: blockWidth(this.#terminal), hasBlocks: this.#terminal.isSmart };
  }

  async #plot(data: RawData, { file, form }: NonNullable<ResultOptions["plot"]>): Promise<void> {
    // Imported here, so that a start without pictures does not load the code that draws them.
    const { drawPlot, plotFileNames, plotsOf } = await import("./plots.ts");
    const plots = plotsOf(data);
    if (plots.length === 0) {
      this.#notes.push("Nothing to draw: nothing was measured");
    }
    for (const [at, name] of plotFileNames(file, plots).entries()) {
      const plot = plots[at];
      if (plot !== undefined) await this.#writeFile(name, await drawPlot(plot, form), PICTURE);
    }
  }

  async #writeFile(file: string, content: string | Uint8Array, what: string): Promise<void> {
    await this.#files.write(file, content, what);
    if (!this.#options.quiet) this.#notes.push(`Wrote ${what} to ${file}`);
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
