/**
 * Measures what changes as the work grows: connections, requests in flight, values, keys, and one
 * slow client among fast ones. Takes about a quarter of an hour, on the loopback only:
 *
 *     deno task bench:scale             all series; writes docs/scale.json
 *     deno task bench:scale keys        some of them; writes nothing
 */
import { messageOf } from "../lib/base/errors.ts";
import { randomFrom, seedFor } from "../tests/helpers/random.ts";
import { Interrupt } from "./peers/interrupt.ts";
import { thisMachine } from "./peers/machine.ts";
import { Site } from "./peers/site.ts";
import { asText } from "./peers/tables.ts";
import { type Measured, measureSeries } from "./scale/measure.ts";
import { rawOf, scaleTable } from "./scale/report.ts";
import { SERIES } from "./scale/series.ts";

const ROUNDS = 3;
const LIMIT_S = 1_500;
const RAW = new URL("../docs/scale.json", import.meta.url);

async function main(): Promise<void> {
  const chosen = SERIES.filter(({ name }) => Deno.args.length === 0 || Deno.args.includes(name));
  if (chosen.length === 0) {
    throw new Error(`There are these series: ${SERIES.map(({ name }) => `"${name}"`).join(", ")}`);
  }
  using interrupt = new Interrupt(LIMIT_S);
  const { signal } = interrupt;
  await using site = await Site.make(undefined, signal);
  const seed = seedFor("Order of the rounds");
  const all: Measured[] = [];
  for (const series of chosen) {
    const plan = { rounds: ROUNDS, random: randomFrom(seed), signal };
    const measured = await measureSeries(site, series, plan);
    all.push(...measured);
    console.log(`\n${asText(scaleTable(series.name, measured))}`);
  }
  if (Deno.args.length > 0) return;
  const raw = { machine: await thisMachine(), seed, points: rawOf(all) };
  Deno.writeTextFileSync(RAW, JSON.stringify(raw, undefined, 1) + "\n");
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", RAW.pathname] }).output();
}

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  Deno.exit(1);
}
