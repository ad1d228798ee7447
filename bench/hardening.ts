/**
 * Treats servers badly in many ways, and prints what a well-behaved client notices and what is left:
 *
 *     deno task bench:hardening                     all scenarios, in about five minutes
 *     deno task bench:hardening --quick             smaller and shorter
 *     deno task bench:hardening half-open reset     some of them
 *     deno task bench:hardening --write             all, and docs/HARDENING.md and its raw data too
 *
 * docs/HARDENING.md says what each one is and what came out.
 */
import { columns } from "../lib/terminal/columns.ts";
import { scenarioNamed, SCENARIOS } from "./hardening/attacks/scenarios.ts";
import { Stage } from "./hardening/attacks/stage.ts";
import { writeDocuments } from "./hardening/documents.ts";
import { Problems } from "./harness/problems.ts";
import { HEADINGS, type Judged, judged, rowOf } from "./hardening/judgement.ts";

/** How attacks are made, in full and with `--quick`. */
const FULL = { size: 1, durationMs: 4_000, settleMs: 8_000, collectMs: 4_000 } as const;
const QUICK = { size: 0.2, durationMs: 1_500, settleMs: 3_000, collectMs: 3_000 } as const;

const names = Deno.args.filter((arg) => !arg.startsWith("--"));
const unknown = Deno.args.find((arg) =>
  arg.startsWith("--") && arg !== "--quick" && arg !== "--write"
);
if (unknown !== undefined) {
  console.error(`There is no flag ${unknown}; there are --quick and --write`);
  Deno.exit(2);
}
const isWriting = Deno.args.includes("--write");
if (isWriting && (names.length > 0 || Deno.args.includes("--quick"))) {
  console.error("--write needs all scenarios in full: a document shows one run");
  Deno.exit(2);
}
const options = Deno.args.includes("--quick") ? QUICK : FULL;
const chosen = names.length > 0 ? names.map(scenarioNamed) : SCENARIOS;

const outcomes: Judged[] = [];
const problems = new Problems();
for (const scenario of chosen) {
  let outcome: Judged;
  try {
    await using stage = await Stage.start(scenario);
    outcome = judged(await stage.attack(scenario, options));
  } catch (error) {
    problems.add(scenario.name, error);
    continue; // The others are worth having.
  }
  outcomes.push(outcome);
  console.error(rowOf(outcome).join("  "));
  for (const { what, isMet } of outcome.verdicts) if (!isMet) console.error(`    MISSED: ${what}`);
}
console.log(columns([HEADINGS, ...outcomes.map(rowOf)]));
const isWhole = problems.failures.length === 0;
if (isWriting && isWhole) await writeDocuments(outcomes);
if (!isWhole) {
  console.error(`bench: ${problems.failures.join("; ")}`);
  Deno.exitCode = 1;
}
