/** `deno task fuzz`: runs hostile inputs. docs/HARDENING.md describes the targets. */
import { dirname } from "node:path";
import { main } from "../bench/harness/command_line.ts";
import { asText } from "../bench/harness/tables.ts";
import { isoTime } from "../lib/base/clock.ts";
import { escaped } from "../lib/base/quote.ts";
import { targetOf, TARGETS } from "./all_targets.ts";
import { HELP, type Options, parseOptions, replayLine } from "./options.ts";
import { runTargets, type TargetFinding, type TargetResult } from "./run_targets.ts";
import { isServerTarget } from "./target.ts";
import { runWatched } from "./worker_watch.ts";

/** Random seeds are smaller than this number. */
const SEEDS = 1_000_000;

/** The time between two lines of progress, in milliseconds. */
const PROGRESS_MS = 10_000;

/** The characters of an input that are printed. */
const SHOWN_CHARS = 2_000;

await main("fuzz", HELP, async () => {
  const options = parseOptions(Deno.args, TARGETS.map(({ name }) => name));
  const seed = options.seed ?? Math.floor(Math.random() * SEEDS);
  console.log(`Seed ${seed}`);
  const findings = options.only === undefined
    ? await runAll(options, seed)
    : await runOne(options.targets[0] ?? "", seed, options.only);
  return findings === 0;
});

/** Runs the targets, and returns the number of findings. */
async function runAll(options: Options, seed: number): Promise<number> {
  const { inputs, minutes, targets: names, jsonPath } = options;
  const targets = TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
  let findings = 0;
  const startedMs = performance.now();
  let reportedMs = startedMs;
  const untilMs = startedMs + minutes * 60_000;
  const results = await runTargets(
    { targets, seed, inputs, untilMs, processes: navigator.hardwareConcurrency },
    runWatched,
    (soFar) => {
      if (performance.now() - reportedMs < PROGRESS_MS) return;
      reportedMs = performance.now();
      const seconds = Math.round((reportedMs - startedMs) / 1e3);
      console.log(`${seconds} s: ${totalOf(soFar)} inputs, ${findings} findings`);
    },
    (finding) => {
      findings++;
      report(finding, seed);
    },
  );
  const seconds = Math.round((performance.now() - startedMs) / 1e3);
  console.log(asText({
    heading: ["TARGET", "INPUTS", "SECONDS", "INPUTS/S", "FINDINGS"],
    rows: results.map(rowOf),
    words: 1,
  }));
  console.log(`${totalOf(results)} inputs in ${seconds} s, ${findings} findings`);
  if (jsonPath !== undefined) {
    const date = isoTime().slice(0, 10);
    const figures = { date, seed, targets: results.map(rounded), total: totalOf(results), seconds };
    await Deno.mkdir(dirname(jsonPath), { recursive: true });
    await Deno.writeTextFile(jsonPath, JSON.stringify(figures, undefined, 2) + "\n");
  }
  return findings;
}

/** Runs one input again, and returns the number of findings. */
async function runOne(name: string, seed: number, number: number): Promise<number> {
  const target = targetOf(name);
  // The effect of an input on a server depends on those before it in the round.
  const first = target && isServerTarget(target) ? number - number % target.roundInputs : number;
  const count = number - first + 1;
  const task = { target: name, seed, first, count, step: count, forMs: Number.MAX_SAFE_INTEGER };
  const { finding } = await runWatched(task, () => {});
  if (finding === undefined) console.log(`Input ${number} of ${name} has no finding`);
  else report({ ...finding, target: name }, seed);
  return finding === undefined ? 0 : 1;
}

function report({ target, number, problem, latin1 }: TargetFinding, seed: number): void {
  const input = escaped(JSON.stringify(latin1.slice(0, SHOWN_CHARS)));
  console.log(`FOUND  ${target}: ${escaped(JSON.stringify(problem))}`);
  console.log(`       with ${input}${latin1.length > SHOWN_CHARS ? "..." : ""}`);
  console.log(`       again: ${replayLine(seed, target, number)}`);
}

function rowOf({ name, inputs, seconds, findings }: TargetResult): string[] {
  const perSecond = Math.round(inputs / Math.max(seconds, 0.001));
  return [name, String(inputs), seconds.toFixed(0), String(perSecond), String(findings)];
}

function totalOf(results: readonly TargetResult[]): number {
  return results.reduce((sum, { inputs }) => sum + inputs, 0);
}

function rounded(result: TargetResult): TargetResult {
  return { ...result, seconds: Math.round(result.seconds * 10) / 10 };
}
