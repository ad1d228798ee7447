/** A run from its folders to its report. */
import { messageOf } from "../../lib/base/errors.ts";
import { OutOfTime } from "../harness/interrupt.ts";
import { filledReport } from "./document.ts";
import { readFindings, writeBench, writePictures, writeSweep } from "./files.ts";
import { measure } from "./measure.ts";
import type { Options } from "./options.ts";
import type { Plan } from "./plan.ts";
import type { Findings } from "./report_data.ts";
import { levels, summary } from "./sentences.ts";
import { syncsTable, systemCallsTable } from "./tables.ts";
import { bullets } from "./text.ts";

/** The top folder of the checkout. */
const TOP = new URL("../../", import.meta.url).pathname;

/** Raw data and pictures of the run that REPORT tells of. */
const COMMITTED = `${TOP}docs/data/report`;

const REPORT = `${TOP}REPORT`;

/** What to do. */
export interface BenchOptions extends Options {
  readonly plan: Plan;
  /** What was typed. */
  readonly command: string;
  /** Takes lines for people. */
  say(what: string): void;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/**
 * Measures, and writes down what came out: all of it as soon as it is there, the pictures last.
 *
 * The full run writes to a folder of its own first: a run that fails or lacks time leaves the committed
 * data as it was, and what it measured where it says.
 *
 * @throws {Error} in one sentence if anything failed, which also says where the raw data is
 */
export async function runBench(options: BenchOptions): Promise<void> {
  const { say, signal, plan } = options;
  const folder = await resultFolder(options.folder);
  await using tables = await TemporaryFolder.make();
  const bench = await measure({
    plan,
    command: options.command,
    folder: tables.path,
    signal,
    sink: { say, sweep: (part, data) => writeSweep(folder, part, data) },
  });
  await writeBench(folder, bench);
  const findings = await readFindings(folder);
  console.log(`\n${resultText(findings)}\n`);
  const report = filledReport(await Deno.readTextFile(REPORT), findings);
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
  const where = `what was measured (${parts}) is in ${folder}`;
  if (signal.aborted && !(signal.reason instanceof OutOfTime)) {
    throw new Error(`${messageOf(signal.reason)}; ${where}`);
  }
  if (failures.length > 0 || bench.parts.length === 0) {
    throw new Error(`${[...failures, ...unfinished].join("; ")}; ${where}`);
  }
  const isCommitted = options.folder === undefined && !options.isQuick &&
    !options.isTwoHostsOnly;
  if (unfinished.length > 0) {
    say(`there was no time for all of it (${unfinished.join("; ")})`);
    say(`${where}, with a REPORT of these figures`);
  } else if (isCommitted) {
    await Deno.remove(`${folder}/REPORT`);
    await replaceFolder(COMMITTED, folder);
    await Deno.writeTextFile(REPORT, report);
    say("docs/data/report/ has the raw data and the pictures; the figures of REPORT are made anew");
  } else {
    say(`raw data, pictures and a REPORT with these figures are in ${folder}`);
  }
}

/** The result in short, for the terminal: sentences, or what there is if there was no sweep. */
function resultText(findings: Findings): string {
  const sentences = [...summary(findings), ...levels(findings)];
  if (sentences.length > 0) return bullets(sentences);
  return [syncsTable(findings), systemCallsTable(findings)].join("\n\n");
}

/** Makes the figures of REPORT and the pictures anew from the raw data that is there. */
export async function rebuildReport(): Promise<void> {
  const report = await Deno.readTextFile(REPORT);
  const findings = await readFindings(COMMITTED);
  await Deno.writeTextFile(REPORT, filledReport(report, findings));
  await writePictures(COMMITTED, findings, new AbortController().signal);
}

async function resultFolder(asked: string | undefined): Promise<string> {
  if (asked === undefined) return await Deno.makeTempDir({ prefix: "htserver-report-" });
  await Deno.mkdir(asked, { recursive: true });
  return asked;
}

/** Not by renaming it: the other one may be on another disk. */
async function replaceFolder(old: string, by: string): Promise<void> {
  await Deno.remove(old, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(old, { recursive: true });
  for await (const { name } of Deno.readDir(by)) {
    await Deno.copyFile(`${by}/${name}`, `${old}/${name}`);
  }
  await Deno.remove(by, { recursive: true });
}

/** For the tables; on a disk, since /tmp is in memory on many machines. */
class TemporaryFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<TemporaryFolder> {
    const dir = Deno.env.get("TMPDIR") || "/var/tmp";
    return new TemporaryFolder(await Deno.makeTempDir({ dir, prefix: "htserver-bench-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
