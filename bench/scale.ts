/**
 * Measures what changes as the work grows: connections, requests in flight, slow clients among fast
 * ones, sizes of values, and keys. On the loopback only, and on two cores:
 *
 *     deno task bench:scale               all series, in at most 10 minutes; rewrites docs/
 *     deno task bench:scale keys          some of them; writes nothing
 *     deno task bench:scale --redraw      measures nothing; rewrites docs/ from docs/data/scale/scale.json
 *
 * The tables of 1,000 to 20,000,000 keys are there all at once, which takes 5 GB of memory; those
 * that do not fit are left out, and the figures say so.
 */
import { messageOf } from "../lib/base/errors.ts";
import { randomFrom, seedFor } from "./harness/random.ts";
import { Interrupt } from "./harness/interrupt.ts";
import { thisMachine } from "./harness/machine.ts";
import { Site } from "./harness/workspace.ts";
import { asText } from "./peers/tables.ts";
import type { ScalePoint } from "./scale/figures.ts";
import { measureSeries } from "./scale/measure.ts";
import {
  type Findings,
  pointsOf,
  RAW,
  scaleTable,
  writeDocuments,
  writeRaw,
} from "./scale/report.ts";
import { SERIES, type Series } from "./scale/series.ts";

/** At most; a series has fewer where its time is over. */
const ROUNDS = 5;

/** Nothing goes on after that; the series end earlier by themselves. */
const LIMIT_S = 600;

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--redraw")) {
    const findings: Findings = JSON.parse(Deno.readTextFileSync(RAW));
    return await writeDocuments(findings);
  }
  const chosen = SERIES.filter(({ name }) => args.length === 0 || args.includes(name));
  if (chosen.length === 0) {
    throw new Error(`There are these series: ${SERIES.map(({ name }) => name).join(", ")}`);
  }
  const seed = seedFor("Order of the rounds");
  // Before anything is built: what is measured is the code as it is now.
  const machine = await thisMachine();
  const points = await measureAll(chosen, seed);
  if (args.length > 0) return;
  const findings = { machine, seed, tookS: performance.now() / 1e3, points };
  await writeRaw(findings);
  await writeDocuments(findings);
}

/** Prints each series as soon as it is there. */
async function measureAll(chosen: readonly Series[], seed: number): Promise<ScalePoint[]> {
  using interrupt = new Interrupt(LIMIT_S);
  const { signal } = interrupt;
  await using site = await Site.make(undefined, signal);
  const points: ScalePoint[] = [];
  for (const series of chosen) {
    const plan = { rounds: ROUNDS, random: randomFrom(seed), signal, say };
    points.push(...await measureSeries(site, series, plan));
    console.log(`\n${asText(scaleTable(series, pointsOf(series, points)))}\n`);
  }
  return points;
}

/** With the seconds since the start. */
function say(what: string): void {
  console.log(`${(performance.now() / 1e3).toFixed(0)} s: ${what}`);
}

try {
  await main(Deno.args);
} catch (error) {
  console.error(messageOf(error));
  Deno.exit(1);
}
