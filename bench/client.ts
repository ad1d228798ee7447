/** `deno task bench:client`: compares testperf with an earlier version, and with the generator in C. */
import { measureRounds, type ProgramName } from "./client/measure.ts";
import { CELLS } from "./client/cells.ts";
import { clientTable, writeDocuments } from "./client/report.ts";
import { main, numberFrom, readOptions, say } from "./harness/command_line.ts";
import { Interrupt } from "./harness/interrupt.ts";
import { readMachine } from "./harness/machine.ts";
import { fromSource } from "./harness/program.ts";
import { randomFrom, seedFor } from "./harness/random.ts";
import { asText } from "./harness/tables.ts";
import { Workspace } from "./peers/workspace.ts";

const HELP = `Compares testperf with an earlier version and with the generator in C, on one server.

  deno task bench:client
      --earlier FILE   an executable of an earlier testperf (default: only this one and the generator)
      --testperf FILE  an executable, instead of the sources
      --htserver FILE  an executable, instead of the sources
      --rounds N       (default: 7) of about 40 s each
      --write          rewrites the figures in docs/, which needs --earlier

docs/PERFORMANCE.md describes the measurements.`;

/** The time limit, in seconds. */
const LIMIT_S = 1_800;

await main("bench", HELP, async () => {
  const task = "bench:client";
  const { values } = readOptions(task, Deno.args, {
    earlier: { type: "string" },
    testperf: { type: "string" },
    htserver: { type: "string" },
    rounds: { type: "string", default: "7" },
    write: { type: "boolean", default: false },
  });
  const rounds = numberFrom(task, "--rounds", values.rounds, { min: 1, max: 99, isWhole: true });
  // Before the build, so that a change of a file during the run is not taken for the measured code.
  const machine = await readMachine();
  using interrupt = new Interrupt(LIMIT_S);
  await using workspace = await Workspace.make(values.htserver, interrupt.signal);
  const server = await workspace.start("htserver");
  const { earlier, testperf } = values;
  const commands = new Map<ProgramName, readonly string[]>([
    ["this", testperf ? [await Deno.realPath(testperf)] : fromSource("testperf.ts")],
    ...earlier ? [["earlier", [await Deno.realPath(earlier)]] as const] : [],
  ]);
  const seed = seedFor("Order of the rounds");
  const results = await measureRounds({
    cells: CELLS,
    rounds,
    commands,
    generator: workspace.generator,
    server,
    random: randomFrom(seed),
    signal: interrupt.signal,
    onRound: (round) => say(`round ${round} of ${rounds}`),
  });
  console.log(`\n${asText(clientTable(CELLS, results))}`);
  if (values.write && earlier) await writeDocuments({ machine, seed, results });
});
