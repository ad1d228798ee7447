/**
 * Measures htserver against its peers on this machine, on the loopback only:
 *
 *     deno task bench:peers    everything, in at most 5 minutes; rewrites the figures in docs/
 *     deno task bench:quick    the main ratios, in less than one; writes nothing
 *     ... --htserver FILE      an executable, instead of the sources as they are
 *     ... --earlier FILE       compares with the executable of an earlier version, and nothing else;
 *                              in at most 3 minutes; writes nothing
 *
 * docs/PERFORMANCE.md says what is measured, how, and what came out.
 */
import { messageOf } from "../lib/base/errors.ts";
import { randomFrom, seedFor } from "./harness/random.ts";
import { CELLS, EARLIER_CELLS, peersOf, QUICK_CELLS } from "./peers/cells.ts";
import { checkGenerator, type GeneratorCheck } from "./peers/generator_check.ts";
import { idleConnections } from "./peers/idle.ts";
import { Interrupt, OutOfTime } from "./harness/interrupt.ts";
import type { LimitFigure } from "./peers/limits.ts";
import { thisMachine } from "./harness/machine.ts";
import { manyKeys } from "./peers/many_keys.ts";
import type { Peer } from "./harness/peer.ts";
import { isPinning } from "./harness/cpu_pinning.ts";
import { type Findings, tablesOf, writeDocuments, writeRaw } from "./peers/report.ts";
import { runRounds } from "./harness/rounds.ts";
import { Site } from "./harness/workspace.ts";
import { asText } from "./peers/tables.ts";
import { wholeScan } from "./peers/whole_scan.ts";
import { Problems } from "./harness/problems.ts";

/** Nothing goes on after `limitS`, and no round begins that would end after `roundsEndS`. */
const QUICK = {
  cells: QUICK_CELLS,
  keys: 10_000,
  rounds: 3,
  warmUpS: 0.1,
  durationS: 0.35,
  roundsEndS: 54,
  limitS: 60,
};
/** A change costs little: it takes many rounds to see it through the noise. */
const EARLIER = {
  cells: EARLIER_CELLS,
  keys: 10_000,
  rounds: 15,
  warmUpS: 0.1,
  durationS: 0.35,
  roundsEndS: 170,
  limitS: 180,
};
const FULL = {
  cells: CELLS,
  keys: 100_000,
  // Many short ones: the machine's bad stretches last seconds, and shall not be most of a median.
  rounds: 10,
  warmUpS: 0.1,
  durationS: 0.3,
  roundsEndS: 215,
  limitS: 290,
};

/** What only the full form asks. */
const LIMITS: Readonly<Record<string, (site: Site) => Promise<LimitFigure[]>>> = {
  "idle connections": idleConnections,
  "scan of 1,000,000 keys": wholeScan,
  "10,000,000 keys": manyKeys,
};

async function main(): Promise<void> {
  const executable = fileAfter("--htserver");
  const earlier = fileAfter("--earlier");
  const isFull = earlier === undefined && !Deno.args.includes("--quick");
  const { cells, limitS, roundsEndS, ...plan } = earlier ? EARLIER : isFull ? FULL : QUICK;
  using interrupt = new Interrupt(limitS);
  // Before anything is built: what is measured is the code as it is now.
  const machine = await thisMachine();
  await using site = await Site.make(executable, interrupt.signal, earlier);
  const seed = seedFor("Order of the rounds");
  say(
    isPinning
      ? "the servers are on core 0, the load generator is on core 1"
      : "cores are shared: pinning needs two of them and taskset (Debian: util-linux)",
  );
  const names = new Set(cells.flatMap(peersOf));
  const problems = new Problems();
  const peers = await site.startAll(
    names,
    plan.keys,
    roundsEndS * 1e3 * STARTING_SHARE,
    problems,
    (why) => say(`without ${why}`),
  );
  say("the servers are ready");
  const { signal } = interrupt;
  const stages = await runRounds(
    site.generator,
    peers,
    { ...plan, cells, random: randomFrom(seed), endMs: roundsEndS * 1e3 },
    problems,
    signal,
    (round) => say(`round ${round} of ${plan.rounds}`),
  );
  const redis = isFull ? peers.get("Redis") : undefined;
  const findings: Findings = {
    machine,
    seed,
    cells,
    stages,
    generator: redis ? await checked(site, redis, problems, signal) : [],
    limits: isFull && !isInterrupted(signal) ? await limitsOf(site) : [],
  };
  await show(findings, problems, isFull);
}

/** Of the time of the rounds, what may pass before the last server is started. */
const STARTING_SHARE = 0.5;

/** The tables, the documents, and what there was no time for. @throws {Error} if anything failed */
async function show(
  findings: Findings,
  { failures, unfinished }: Problems,
  isFull: boolean,
): Promise<void> {
  for (const table of Object.values(tablesOf(findings))) {
    if (table.rows.length > 0) console.log(`\n${asText(table)}`);
  }
  const isWhole = failures.length === 0 && unfinished.length === 0;
  if (isFull && isWhole) await writeDocuments(findings);
  // The documents show a whole run only.
  if (isFull && !isWhole) say(`the raw data is in ${await writeRaw(findings)}`);
  if (failures.length > 0 || findings.stages.length === 0) {
    throw new Error([...failures, ...unfinished].join("; ") || "No server could be measured");
  }
  if (unfinished.length > 0) say(`there was no time for all of it: ${unfinished.join("; ")}`);
}

async function checked(
  site: Site,
  redis: Peer,
  problems: Problems,
  signal: AbortSignal,
): Promise<readonly GeneratorCheck[]> {
  try {
    return await checkGenerator(site, redis, signal) ?? [];
  } catch (error) {
    problems.add("the load generator beside redis-benchmark", error, signal);
    return [];
  }
}

/** Whether it was ended by a signal, not by its time. */
function isInterrupted(signal: AbortSignal): boolean {
  return signal.aborted && !(signal.reason instanceof OutOfTime);
}

/** The file that a flag names; undefined without the flag. */
function fileAfter(flag: string): string | undefined {
  const at = Deno.args.indexOf(flag);
  return at < 0 ? undefined : Deno.args[at + 1];
}

/** One that cannot be measured, or not in time, is a finding, too; so is one that was interrupted. */
async function limitsOf(site: Site): Promise<LimitFigure[]> {
  const figures: LimitFigure[] = [];
  for (const [cell, measure] of Object.entries(LIMITS)) {
    try {
      figures.push(...await measure(site));
    } catch (error) {
      const problem = messageOf(error);
      figures.push({ cell, unit: "x", values: [], must: undefined, aim: undefined, problem });
    }
    say(`${cell}: done`);
  }
  return figures;
}

/** With the seconds since the start. */
function say(what: string): void {
  console.log(`${(performance.now() / 1e3).toFixed(0)} s: ${what}`);
}

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  Deno.exit(1);
}
