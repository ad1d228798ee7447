/** `deno task soak`: long runs that show whether a server leaks, or breaks at its memory limit. */
import { Interrupt } from "./harness/interrupt.ts";
import { main, numberFrom, readOptions } from "./harness/command_line.ts";
import { TOP } from "./harness/program.ts";
import { verdictsOf } from "./soak/findings.ts";
import { runFullTable } from "./soak/full_table.ts";
import { fullTableVerdicts } from "./soak/full_table_findings.ts";
import { runSoak } from "./soak/soak.ts";

/** The default lengths, in minutes, and the bounds of `--minutes`. */
const SOAK_MINUTES = 30;
const FULL_TABLE_MINUTES = 10;
const MINUTES = { min: 0.01, max: 10_000 };

/** Time in addition to the run itself, in seconds: to start, to fill the table, and for the last rest. */
const OVERHEAD_S = 600;

const RAW = `${TOP}docs/data/hardening`;

const HELP = `Runs a server for a long time, and shows whether it leaks or fails.

  deno task soak                varied work on a server with a data folder, ${SOAK_MINUTES} minutes
  deno task soak --full-table   a table at its memory limit, in memory and on disk, ${FULL_TABLE_MINUTES} minutes in all
      --minutes N               another length; can be a fraction
      --quick                   a few seconds: shows that all works, without the verdicts on memory
      --seed S                  repeat the choices of another run
      --write                   write the raw data into docs/data/hardening/

It exits with 1 if a verdict is not met. docs/HARDENING.md describes the last run.`;

/** Minutes of `--quick`: too short for a slope of the memory. */
const QUICK_MINUTES = 0.1;

await main("soak", HELP, async () => {
  const { values } = readOptions("soak", Deno.args, {
    "full-table": { type: "boolean", default: false },
    "minutes": { type: "string" },
    "quick": { type: "boolean", default: false },
    "seed": { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
    "write": { type: "boolean", default: false },
  });
  const isFullTable = values["full-table"];
  const usual = isFullTable ? FULL_TABLE_MINUTES : SOAK_MINUTES;
  const minutes = values.quick
    ? QUICK_MINUTES
    : numberFrom("soak", "--minutes", values.minutes ?? String(usual), MINUTES);
  const bounds = { min: 0, max: 2 ** 31, isWhole: true };
  const seed = numberFrom("soak", "--seed", values.seed, bounds);
  using interrupt = new Interrupt(minutes * 60 + OVERHEAD_S);
  const { signal } = interrupt;
  const say = (what: string) => console.error(what);
  say(`${minutes} minutes, --seed ${seed}`);
  const options = { minutes, seed, say, signal };
  const findings = isFullTable ? await runFullTable(options) : await runSoak(options);
  signal.throwIfAborted();
  const all = "seen" in findings ? fullTableVerdicts(findings) : verdictsOf(findings);
  const verdicts = values.quick ? all.filter(({ what }) => !/memory at|heap/.test(what)) : all;
  for (const { what, found, isGood } of verdicts) {
    console.log(`${isGood ? "met   " : "MISSED"}  ${what}: ${found}`);
  }
  if (values.write) {
    await Deno.mkdir(RAW, { recursive: true });
    const file = `${RAW}/${isFullTable ? "full_table" : "soak"}.json`;
    await Deno.writeTextFile(file, `${JSON.stringify({ ...findings, verdicts })}\n`);
  }
  return verdicts.every(({ isGood }) => isGood);
});
