/** `deno task bench:peers` and `bench:quick`: measures htserver and other servers with one generator. */
import { messageOf } from "../lib/base/errors.ts";
import { main, readOptions, say } from "./harness/command_line.ts";
import { isPinning } from "./harness/cpu_pinning.ts";
import { Interrupt, OutOfTime } from "./harness/interrupt.ts";
import { readMachine } from "./harness/machine.ts";
import { Problems } from "./harness/problems.ts";
import { randomFrom, seedFor } from "./harness/random.ts";
import { asText } from "./harness/tables.ts";
import { CELLS, EARLIER_CELLS, peersOf, QUICK_CELLS } from "./peers/cells.ts";
import { checkGenerator } from "./peers/generator_check.ts";
import { idleConnections, manyKeys, wholeScan } from "./peers/limit_measurements.ts";
import type { LimitFigure } from "./peers/limits.ts";
import { type Findings, tablesOf, writeDocuments, writeRaw } from "./peers/report.ts";
import { runRounds } from "./peers/rounds.ts";
import { Workspace } from "./peers/workspace.ts";

const HELP = `Measures htserver and other servers on this machine, over the loopback.

  deno task bench:peers    everything, in at most 5 minutes; rewrites the figures in docs/
  deno task bench:quick    the main ratios, in less than 1 minute; writes nothing
      --htserver FILE      an executable, instead of the sources
      --earlier FILE       compares with the executable of an earlier version, and nothing else;
                           in at most 3 minutes; writes nothing

docs/PERFORMANCE.md describes the measurements.`;

/** Measurements stop at `limitS`. No round starts that would end after `roundsEndS`. */
const QUICK = {
  cells: QUICK_CELLS,
  keys: 10_000,
  rounds: 3,
  warmUpS: 0.1,
  durationS: 0.35,
  roundsEndS: 54,
  limitS: 60,
};
/** A change of the code has a small effect. Only many rounds separate it from the noise. */
const EARLIER = { ...QUICK, cells: EARLIER_CELLS, rounds: 15, roundsEndS: 170, limitS: 180 };
const FULL = {
  cells: CELLS,
  keys: 100_000,
  // Many short rounds: the machine may be slow for some seconds, which must not decide a median.
  rounds: 10,
  warmUpS: 0.1,
  durationS: 0.3,
  roundsEndS: 215,
  limitS: 290,
};

/** The measurements that the full run makes after the rounds. */
const LIMITS: Readonly<Record<string, (workspace: Workspace) => Promise<LimitFigure[]>>> = {
  "idle connections": idleConnections,
  "scan of 1,000,000 keys": wholeScan,
  "10,000,000 keys": manyKeys,
};

/** The share of the time of the rounds after which no further server is started. */
const STARTING_SHARE = 0.5;

await main("bench", HELP, async () => {
  const { values: { quick, htserver, earlier } } = readOptions("bench:peers", Deno.args, {
    quick: { type: "boolean", default: false },
    htserver: { type: "string" },
    earlier: { type: "string" },
  });
  const isFull = earlier === undefined && !quick;
  const { cells, limitS, roundsEndS, ...plan } = earlier ? EARLIER : isFull ? FULL : QUICK;
  using interrupt = new Interrupt(limitS);
  const { signal } = interrupt;
  // Before the build, so that a change of a file during the run is not taken for the measured code.
  const machine = await readMachine();
  await using workspace = await Workspace.make(htserver, signal, earlier);
  const seed = seedFor("Order of the rounds");
  say(
    isPinning
      ? "the servers are on core 0, the load generator is on core 1"
      : "cores are shared: pinning needs two of them and taskset (Debian: util-linux)",
  );
  const names = new Set(cells.flatMap(peersOf));
  const problems = new Problems();
  const readyByMs = roundsEndS * 1e3 * STARTING_SHARE;
  const peers = await workspace.startAll(names, plan.keys, readyByMs, problems, say);
  say("the servers are ready");
  const stages = await runRounds(
    workspace.generator,
    peers,
    { ...plan, cells, random: randomFrom(seed), endMs: roundsEndS * 1e3 },
    problems,
    signal,
    (round) => say(`round ${round} of ${plan.rounds}`),
  );
  const redis = isFull ? peers.get("Redis") : undefined;
  const isInterrupted = signal.aborted && !(signal.reason instanceof OutOfTime);
  const findings: Findings = {
    machine,
    seed,
    cells,
    stages,
    generator: redis && await problems.attempt(
          "the load generator beside redis-benchmark",
          () => checkGenerator(workspace, redis, signal),
          signal,
        ) || [],
    limits: isFull && !isInterrupted ? await limitsOf(workspace) : [],
  };
  await show(findings, problems, isFull);
});

/** Prints the tables, and writes the documents. @throws {Error} if anything failed */
async function show(
  findings: Findings,
  { failures, unfinished }: Problems,
  isFull: boolean,
): Promise<void> {
  for (const table of Object.values(tablesOf(findings))) {
    if (table.rows.length > 0) console.log(`\n${asText(table)}`);
  }
  const isComplete = failures.length === 0 && unfinished.length === 0;
  if (isFull && isComplete) await writeDocuments(findings);
  // The documents show a complete run only.
  if (isFull && !isComplete) say(`the raw data is in ${await writeRaw(findings)}`);
  if (failures.length > 0 || findings.stages.length === 0) {
    throw new Error([...failures, ...unfinished].join("; ") || "No server could be measured");
  }
  if (unfinished.length > 0) say(`there was no time for all of it: ${unfinished.join("; ")}`);
}

/** A limit that cannot be measured becomes a figure with its problem. */
async function limitsOf(workspace: Workspace): Promise<LimitFigure[]> {
  const figures: LimitFigure[] = [];
  for (const [cell, measure] of Object.entries(LIMITS)) {
    try {
      figures.push(...await measure(workspace));
    } catch (error) {
      figures.push({ cell, unit: "x", values: [], problem: messageOf(error) });
    }
    say(`${cell}: done`);
  }
  return figures;
}
