/** `deno task bench:scale`: measures the effect of more work, in one dimension at a time. */
import { main, readOptions, say } from "./harness/command_line.ts";
import { Interrupt } from "./harness/interrupt.ts";
import { readMachine } from "./harness/machine.ts";
import { randomFrom, seedFor } from "./harness/random.ts";
import { asText } from "./harness/tables.ts";
import { Workspace } from "./peers/workspace.ts";
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
import { quickSeries, SERIES, type Series } from "./scale/series.ts";

const NAMES = SERIES.map(({ name }) => name);

const HELP = `Measures the effect of more work on htserver and other servers, over the loopback.

  deno task bench:scale            all series, in at most 10 minutes; rewrites docs/
  deno task bench:scale keys ...   some of them (${NAMES.join(", ")}); writes nothing
      --quick                      one round of the smallest loads: shows that all works; writes nothing
      --redraw                     measures nothing: rewrites docs/ from docs/data/scale/scale.json

The tables of up to 20,000,000 keys exist at the same time and need 5 GB of memory. A table that does
not fit is left out, and the figures say so.`;

/** Maximum number of rounds. A series has fewer if its time is up. */
const ROUNDS = 5;

/** The time limit, in seconds. The series end earlier by themselves. */
const LIMIT_S = 600;

await main("bench", HELP, async () => {
  const { values: { quick, redraw }, positionals } = readOptions("bench:scale", Deno.args, {
    quick: { type: "boolean", default: false },
    redraw: { type: "boolean", default: false },
  }, NAMES);
  if (redraw) {
    const findings: Findings = JSON.parse(await Deno.readTextFile(RAW));
    return await writeDocuments(findings);
  }
  const chosen = SERIES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
    .map((series) => quick ? quickSeries(series) : series);
  const seed = seedFor("Order of the rounds");
  // Before the build, so that a change of a file during the run is not taken for the measured code.
  const machine = await readMachine();
  const points = await measureAll(chosen, seed, quick ? 1 : ROUNDS);
  if (positionals.length > 0 || quick) return;
  const findings = { machine, seed, tookS: performance.now() / 1e3, points };
  await writeRaw(findings);
  await writeDocuments(findings);
});

/** Measures the series, and prints each as soon as it is there. */
async function measureAll(
  chosen: readonly Series[],
  seed: number,
  rounds: number,
): Promise<ScalePoint[]> {
  using interrupt = new Interrupt(LIMIT_S);
  const { signal } = interrupt;
  await using workspace = await Workspace.make(undefined, signal);
  const points: ScalePoint[] = [];
  for (const series of chosen) {
    const plan = { rounds, random: randomFrom(seed), signal, say };
    points.push(...await measureSeries(workspace, series, plan));
    console.log(`\n${asText(scaleTable(series, pointsOf(series, points)))}\n`);
  }
  return points;
}
