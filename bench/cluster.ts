/** `deno task bench:cluster`: measures gateways in front of a Redis Cluster. */
import { CELLS, namesOf } from "./cluster/cells.ts";
import { Contenders } from "./cluster/contenders.ts";
import { Stages } from "./cluster/measure.ts";
import { type Stage, tablesOf, writeDocuments } from "./cluster/report.ts";
import { main, numberFrom, readOptions, say } from "./harness/command_line.ts";
import { Interrupt } from "./harness/interrupt.ts";
import { readMachine } from "./harness/machine.ts";
import { isInstalled } from "./harness/program.ts";
import { Problems } from "./harness/problems.ts";
import { randomFrom, seedFor } from "./harness/random.ts";
import { interleave } from "./harness/rounds.ts";
import { asText } from "./harness/tables.ts";

const HELP = `Measures gateways in front of a Redis Cluster of six nodes on this machine.

  deno task bench:cluster  in at most 2 minutes
      --rounds N           (default: as many as there is time for)
      --duration S         seconds of each stage (default: 0.4)
      --keys N             (default: 99,999)
      --htserver FILE      an executable, instead of the sources
      --write              rewrites the figures in docs/CLUSTER.md

docs/CLUSTER.md describes the measurements.`;

/** What it needs, apart from a C compiler. */
const PROGRAMS = ["redis-server", "redis-benchmark"];

/** Measurements stop at `LIMIT_S`. No round starts that would end after `ROUNDS_END_S`. */
const LIMIT_S = 120;
const ROUNDS_END_S = 112;

await main("bench", HELP, async () => {
  const task = "bench:cluster";
  const { values } = readOptions(task, Deno.args, {
    rounds: { type: "string", default: "99" },
    duration: { type: "string", default: "0.4" },
    keys: { type: "string", default: "99999" },
    htserver: { type: "string" },
    write: { type: "boolean", default: false },
  });
  const rounds = numberFrom(task, "--rounds", values.rounds, { min: 1, max: 99, isWhole: true });
  const sizes = {
    keys: numberFrom(task, "--keys", values.keys, { min: 3, max: 1e7, isWhole: true }),
    durationS: numberFrom(task, "--duration", values.duration, { min: 0.05, max: 10 }),
  };
  for (const program of PROGRAMS) {
    if (!isInstalled(program)) {
      throw new Error(`There is no ${program} (Debian: apt-get install redis-server)`);
    }
  }
  // Before the build, so that a change of a file during the run is not taken for the measured code.
  const machine = await readMachine();
  using interrupt = new Interrupt(LIMIT_S);
  const { signal } = interrupt;
  const seed = seedFor("Order of the rounds");
  await using contenders = await Contenders.start(values.htserver, signal);
  const measurements = new Stages(contenders, sizes, signal);
  await measurements.prepare(CELLS);
  say("everything is ready");
  const stages: Stage[] = [];
  const problems = new Problems();
  await interleave(
    { cells: CELLS, namesOf, rounds, endMs: ROUNDS_END_S * 1e3, random: randomFrom(seed) },
    async (cell, contender, round) => {
      const result = await measurements.measure(cell, contender);
      stages.push({ cell: cell.name, contender, round, result });
    },
    problems,
    signal,
    (round) => say(`round ${round}`),
  );
  const findings = { machine, seed, sizes, cells: CELLS, stages };
  for (const table of Object.values(tablesOf(findings))) console.log(`\n${asText(table)}`);
  const { failures, unfinished } = problems;
  if (failures.length > 0) throw new Error([...failures, ...unfinished].join("; "));
  if (values.write) await writeDocuments(findings);
});
