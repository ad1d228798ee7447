/** `deno task fuzz`: see `--help`, and docs/HARDENING.md. */
import { dirname } from "node:path";
import { isoTime } from "../lib/base/clock.ts";
import { columns } from "../lib/terminal/columns.ts";
import { EXIT } from "../lib/base/errors.ts";
import { escaped } from "../lib/base/quote.ts";
import { main } from "../lib/cli/main.ts";
import { targetOf, TARGETS } from "./all_targets.ts";
import { HELP, type Options, parseOptions, replayLine } from "./options.ts";
import { type Found, runTargets, type TargetResult } from "./run_targets.ts";
import { isServerTarget } from "./target.ts";
import { runWatched } from "./watched.ts";

/** Seeds that are chosen are below this. */
const SEEDS = 1_000_000;

/** Time between two lines that say how far it is, in milliseconds. */
const PROGRESS_MS = 10_000;

/** Characters of an input that are shown. */
const SHOWN_CHARS = 2_000;

await main("fuzz", async () => {
  if (Deno.args.includes("--help")) {
    console.log(HELP);
    return EXIT.ok;
  }
  const options = parseOptions(Deno.args, TARGETS.map(({ name }) => name));
  const seed = options.seed ?? Math.floor(Math.random() * SEEDS);
  console.log(`Seed ${seed}`);
  const found = options.only === undefined
    ? await runAll(options, seed)
    : await runOne(options.targets[0] ?? "", seed, options.only);
  return found.length > 0 ? EXIT.failed : EXIT.ok;
});

async function runAll(options: Options, seed: number): Promise<Found[]> {
  const { inputs, minutes, targets: names, jsonPath } = options;
  const targets = TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
  const found: Found[] = [];
  const startedMs = performance.now();
  let toldMs = startedMs;
  const results = await runTargets(
    {
      targets,
      seed,
      inputs,
      untilMs: startedMs + minutes * 60_000,
      processes: navigator.hardwareConcurrency,
    },
    runWatched,
    (soFar) => {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      const seconds = Math.round((toldMs - startedMs) / 1e3);
      console.log(`${seconds} s: ${totalOf(soFar)} inputs, ${found.length} findings`);
    },
    (one) => {
      found.push(one);
      tell(one, seed);
    },
  );
  const seconds = Math.round((performance.now() - startedMs) / 1e3);
  console.log(table(results));
  console.log(`${totalOf(results)} inputs in ${seconds} s, ${found.length} findings`);
  if (jsonPath !== undefined) {
    const date = isoTime().slice(0, 10);
    const figures = { date, seed, targets: results.map(rounded), total: totalOf(results), seconds };
    Deno.mkdirSync(dirname(jsonPath), { recursive: true });
    Deno.writeTextFileSync(jsonPath, JSON.stringify(figures, undefined, 2) + "\n");
  }
  return found;
}

async function runOne(name: string, seed: number, number: number): Promise<Found[]> {
  const target = targetOf(name);
  // What an input does to a server depends on those of its round before it.
  const first = target && isServerTarget(target) ? number - number % target.roundInputs : number;
  const count = number - first + 1;
  const task = { target: name, seed, first, count, step: count, forMs: Number.MAX_SAFE_INTEGER };
  const { finding } = await runWatched(task, () => {});
  if (finding === undefined) {
    console.log(`Nothing is wrong with input ${number} of ${name}`);
    return [];
  }
  const one = { ...finding, target: name };
  tell(one, seed);
  return [one];
}

function tell({ target, number, problem, latin1 }: Found, seed: number): void {
  const input = escaped(JSON.stringify(latin1.slice(0, SHOWN_CHARS)));
  console.log(`FOUND  ${target}: ${escaped(JSON.stringify(problem))}`);
  console.log(`       with ${input}${latin1.length > SHOWN_CHARS ? "..." : ""}`);
  console.log(`       again: ${replayLine(seed, target, number)}`);
}

function table(results: readonly TargetResult[]): string {
  const rows = results.map(({ name, inputs, seconds, findings }) => [
    name,
    String(inputs),
    seconds.toFixed(0),
    String(Math.round(inputs / Math.max(seconds, 0.001))),
    String(findings),
  ]);
  const head = ["TARGET", "INPUTS", "SECONDS", "INPUTS/S", "FINDINGS"];
  return columns([head, ...rows], new Set([1, 2, 3, 4]));
}

function totalOf(results: readonly TargetResult[]): number {
  return results.reduce((sum, { inputs }) => sum + inputs, 0);
}

function rounded(result: TargetResult): TargetResult {
  return { ...result, seconds: Math.round(result.seconds * 10) / 10 };
}
