/** A run of the benchmark: measures, writes raw data, REPORT and pictures. */
import { messageOf } from "../../lib/base/errors.ts";
import { TemporaryFolder } from "../harness/folders.ts";
import { OutOfTime } from "../harness/interrupt.ts";
import { TOP } from "../harness/program.ts";
import { checkClaim, uncheckedText } from "./claim_check.ts";
import { CLAIMS, CONSTANTS } from "./claims.ts";
import { fillReport, proseOf } from "./document.ts";
import { Figures } from "./figures.ts";
import { readFindings, writeBench, writePictures, writeSweep } from "./files.ts";
import { measure } from "./measure.ts";
import type { Plan } from "./plan.ts";
import type { Findings } from "./report_data.ts";
import { levelsTable, syncsTable } from "./tables.ts";
import { tableText } from "./text.ts";

/** Raw data and pictures of the run that REPORT describes. */
const COMMITTED = `${TOP}docs/data/report`;

const REPORT = `${TOP}REPORT`;

/** Options of a run. */
export interface BenchOptions {
  readonly plan: Plan;
  /** The command line, for the report. */
  readonly command: string;
  /** The folder for everything (default: a temporary one). */
  readonly folder: string | undefined;
  /** Whether a complete run replaces the committed data and REPORT. */
  readonly isCommitted: boolean;
  /** Reports progress. */
  say(what: string): void;
  /** Ends the run. */
  readonly signal: AbortSignal;
}

/**
 * Measures and writes the results, each as soon as it is there, the pictures last.
 *
 * The run writes to a folder of its own first. So a run that fails or runs out of time does not
 * change the committed data, and its measurements are not lost.
 *
 * @returns whether the claims of REPORT hold for the data that is now committed
 * @throws {Error} with one sentence, which names the folder of the raw data, if anything failed
 */
export async function runBench(options: BenchOptions): Promise<boolean> {
  const { say, signal, plan, command, isCommitted } = options;
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "htserver-report-" });
  await Deno.mkdir(folder, { recursive: true });
  using tables = new TemporaryFolder({ isOnDisk: true });
  const bench = await measure({
    plan,
    command,
    folder: tables.path,
    signal,
    sink: { say, sweep: (part, data) => writeSweep(folder, part, data) },
  });
  await writeBench(folder, bench);
  const findings = await readFindings(folder);
  const summary = bench.parts.length > 0 ? levelsTable(findings) : syncsTable(findings);
  console.log(`\n${tableText("Summary.", summary)}`);
  const report = fillReport(await Deno.readTextFile(REPORT), findings);
  await Deno.writeTextFile(`${folder}/REPORT`, report);
  say("pictures");
  let { failures = [], unfinished = [] } = bench;
  try {
    await writePictures(folder, findings, signal);
  } catch (error) {
    const sentence = `pictures: ${messageOf(signal.aborted ? signal.reason : error)}`;
    if (signal.reason instanceof OutOfTime) unfinished = [...unfinished, sentence];
    else failures = [...failures, sentence];
  }
  const parts = bench.parts.map(({ name }) => name).join(", ") || "no sweep";
  const where = `the measurements until then (${parts}) are in ${folder}`;
  if (signal.aborted && !(signal.reason instanceof OutOfTime)) {
    throw new Error(`${messageOf(signal.reason)}; ${where}`);
  }
  if (failures.length > 0 || bench.parts.length === 0) {
    throw new Error(`${[...failures, ...unfinished].join("; ")}; ${where}`);
  }
  if (unfinished.length > 0) {
    say(`there was no time for all of it (${unfinished.join("; ")})`);
    say(`${where}, with a REPORT of these figures`);
  } else if (isCommitted) {
    await Deno.remove(`${folder}/REPORT`);
    await replaceFolder(COMMITTED, folder);
    await Deno.writeTextFile(REPORT, report);
    say("docs/data/report/ and the tables of REPORT are rewritten");
    return checkReport(report, findings, say);
  } else {
    say(`raw data, pictures and a REPORT with these figures are in ${folder}`);
  }
  return true;
}

/**
 * Writes the tables of REPORT and the pictures again, from the raw data.
 *
 * @returns whether the claims of REPORT hold
 */
export async function rebuildReport(say: (what: string) => void): Promise<boolean> {
  const findings = await readFindings(COMMITTED);
  const report = fillReport(await Deno.readTextFile(REPORT), findings);
  await Deno.writeTextFile(REPORT, report);
  await writePictures(COMMITTED, findings, new AbortController().signal);
  return checkReport(report, findings, say);
}

/** Checks each claim of a report against the data, and that each figure of its text is in one. */
function checkReport(report: string, findings: Findings, say: (what: string) => void): boolean {
  const figures = new Figures(findings);
  const checked = CLAIMS.map((claim) => checkClaim(claim, figures));
  const problems = uncheckedText(proseOf(report), CLAIMS, CONSTANTS);
  checked.forEach(({ line }) => say(line));
  problems.forEach(say);
  const count = checked.filter(({ holds }) => holds).length;
  say(`${count} of ${checked.length} claims of REPORT hold (bench/report/claims.ts)`);
  return count === checked.length && problems.length === 0;
}

/** Copies the files instead of renaming the folder, which may be on another disk. */
async function replaceFolder(old: string, by: string): Promise<void> {
  await Deno.mkdir(old, { recursive: true }); // It may be missing.
  await Deno.remove(old, { recursive: true });
  await Deno.mkdir(old);
  for await (const { name } of Deno.readDir(by)) {
    await Deno.copyFile(`${by}/${name}`, `${old}/${name}`);
  }
  await Deno.remove(by, { recursive: true });
}
