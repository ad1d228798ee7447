/**
 * `deno task bench`: measures this project's server with a growing number of clients, and rewrites
 * the tables of REPORT.
 */
import { main, readOptions, say } from "./harness/command_line.ts";
import { Interrupt } from "./harness/interrupt.ts";
import { rebuildReport, runBench } from "./report/bench.ts";
import { planRun } from "./report/plan.ts";

const HELP =
  `Measures this project's server with 1, 2, 3, ... clients until the throughput levels out.

  deno task bench               everything, in at most 10 minutes: writes raw data and pictures to
                                docs/data/report/, and the tables of REPORT
  deno task bench --quick       the same on a small scale, in less than a minute; writes to a
                                temporary folder only
  deno task bench --two-hosts   server and clients in two network namespaces, as if on two machines
                                (Linux, root); writes to a temporary folder only
  deno task bench --rebuild     measures nothing: writes the tables of REPORT and the pictures from
                                the raw data in docs/data/report/
                                Both compare each figure in the text of REPORT with the data
                                (bench/report/claims.ts). The exit code is 1 if one does not hold.
      --out FOLDER              write raw data, pictures and REPORT there, and nowhere else`;

await main("bench", HELP, async () => {
  const { values } = readOptions("bench", Deno.args, {
    "quick": { type: "boolean", default: false },
    "two-hosts": { type: "boolean", default: false },
    "rebuild": { type: "boolean", default: false },
    "out": { type: "string" },
  });
  if (values.rebuild) return await rebuildReport(say);
  const isQuick = values.quick;
  const isTwoHostsOnly = values["two-hosts"];
  const plan = planRun({ isQuick, isTwoHostsOnly });
  using interrupt = new Interrupt(plan.limitS);
  const command = ["deno task bench", ...Deno.args].join(" ");
  const isCommitted = values.out === undefined && !isQuick && !isTwoHostsOnly;
  const { signal } = interrupt;
  return await runBench({ plan, command, folder: values.out, isCommitted, say, signal });
});
