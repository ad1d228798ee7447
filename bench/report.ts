/**
 * Measures this project's server with 1, 2, 3, ... clients until the sum levels out, and rewrites the
 * figures of REPORT; see `--help`, and REPORT for what is measured, how, and what came out.
 */
import { EXIT, ExitError, messageOf } from "../lib/base/errors.ts";
import { Interrupt } from "./harness/interrupt.ts";
import { rebuildReport, runBench } from "./report/bench.ts";
import { HELP, type Options, parseOptions } from "./report/options.ts";
import { planOf } from "./report/plan.ts";

/** With the seconds since the start. */
function say(what: string): void {
  console.log(`${(performance.now() / 1e3).toFixed(0).padStart(4)} s  ${what}`);
}

async function measured(options: Options): Promise<void> {
  const plan = planOf(options);
  using interrupt = new Interrupt(plan.limitS);
  const command = ["deno task bench", ...Deno.args].join(" ");
  await runBench({ ...options, plan, command, say, signal: interrupt.signal });
}

try {
  if (Deno.args.includes("--help")) {
    console.log(HELP);
  } else {
    const options = parseOptions(Deno.args);
    if (options.isRebuildOnly) await rebuildReport();
    else await measured(options);
  }
} catch (error) {
  console.error(`bench: ${messageOf(error)}`);
  Deno.exitCode = error instanceof ExitError ? error.exitCode : EXIT.failed;
}
