/**
 * Long runs that show whether a server stays as it was: `deno task soak --help` says which there are.
 * docs/HARDENING.md says what came out.
 */
import { messageOf, UsageError } from "../lib/base/errors.ts";
import { Interrupt } from "./harness/interrupt.ts";
import { type Verdict, verdictsOf } from "./soak/findings.ts";
import { fullTable, fullTableVerdicts } from "./soak/full_table.ts";
import { HELP, type Options, parseOptions } from "./soak/options.ts";
import { soak } from "./soak/soak.ts";

/** Time beside the run itself: to start, to fill, to rest. */
const OVERHEAD_S = 600;

const RAW = new URL("../docs/data/hardening/", import.meta.url);

async function main(options: Options): Promise<boolean> {
  using interrupt = new Interrupt(options.minutes * 60 + OVERHEAD_S);
  const say = (what: string) => console.error(what);
  const { minutes, seed, isFullTable, isWriting } = options;
  say(`${minutes} minutes, --seed ${seed}`);
  const settings = { minutes, seed, say, signal: interrupt.signal };
  const [name, findings, verdicts] = isFullTable
    ? await judged("full_table.json", fullTable(settings), fullTableVerdicts)
    : await judged("soak.json", soak(settings), verdictsOf);
  interrupt.signal.throwIfAborted();
  for (const { what, found, isGood } of verdicts) {
    console.log(`${isGood ? "met   " : "MISSED"}  ${what}: ${found}`);
  }
  if (isWriting) {
    await Deno.mkdir(RAW, { recursive: true });
    await Deno.writeTextFile(new URL(name, RAW), `${JSON.stringify({ ...findings, verdicts })}\n`);
  }
  return verdicts.every(({ isGood }) => isGood);
}

async function judged<Found extends object>(
  name: string,
  finding: Promise<Found>,
  verdicts: (findings: Found) => Verdict[],
): Promise<readonly [name: string, findings: object, verdicts: Verdict[]]> {
  const findings = await finding;
  return [name, findings, verdicts(findings)];
}

if (Deno.args.includes("--help")) {
  console.log(HELP);
} else {
  try {
    const options = parseOptions(Deno.args, Math.floor(Math.random() * 1e6));
    Deno.exitCode = await main(options) ? 0 : 1;
  } catch (error) {
    console.error(`soak: ${messageOf(error)}`);
    Deno.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
