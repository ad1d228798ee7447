/** `deno task bench:hardening`: attacks servers, and shows the cost for a well-behaved client. */
import { columns } from "../lib/terminal/columns.ts";
import { UsageError } from "../lib/base/errors.ts";
import { SCENARIOS } from "./hardening/attacks/scenarios.ts";
import { AttackedServer } from "./hardening/attacked_server.ts";
import { writeDocument, writeRaw } from "./hardening/documents.ts";
import { HEADINGS, judge, type JudgedOutcome, rowOf } from "./hardening/judgement.ts";
import { main, readOptions } from "./harness/command_line.ts";
import { Problems } from "./harness/problems.ts";

const NAMES = SCENARIOS.map(({ name }) => name);

const HELP =
  `Attacks servers in many ways, and shows the cost for a well-behaved client and the server.

  deno task bench:hardening                     all scenarios, in about 5 minutes
  deno task bench:hardening half-open reset     some of them
      --quick                                   smaller and shorter
      --write                                   all, and rewrite docs/HARDENING.md and its raw data
      --redraw                                  measure nothing: rewrite docs/HARDENING.md from its raw data

Scenarios: ${NAMES.join(", ")}.
docs/HARDENING.md describes each one and its last result.`;

/** The sizes of an attack, in full and with `--quick`. */
const FULL = { size: 1, durationMs: 4_000, settleMs: 8_000, collectMs: 4_000 } as const;
const QUICK = { size: 0.2, durationMs: 1_500, settleMs: 3_000, collectMs: 3_000 } as const;

await main("bench", HELP, async () => {
  const { values: { quick, write, redraw }, positionals } = readOptions(
    "bench:hardening",
    Deno.args,
    {
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      redraw: { type: "boolean", default: false },
    },
    NAMES,
  );
  if (write && (positionals.length > 0 || quick)) {
    throw new UsageError("--write needs all scenarios in full, since the document shows one run");
  }
  if (redraw) return await writeDocument();
  const outcomes: JudgedOutcome[] = [];
  const problems = new Problems();
  for (const scenario of SCENARIOS) {
    if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
    await problems.attempt(scenario.name, async () => {
      await using server = await AttackedServer.start(scenario);
      const outcome = judge(await server.attack(scenario, quick ? QUICK : FULL));
      outcomes.push(outcome);
      console.error(rowOf(outcome).join("  "));
      for (const { what, isMet } of outcome.verdicts) {
        if (!isMet) console.error(`    MISSED: ${what}`);
      }
    });
  }
  console.log(columns([HEADINGS, ...outcomes.map(rowOf)]));
  if (problems.failures.length > 0) throw new Error(problems.failures.join("; "));
  if (write) {
    await writeRaw(outcomes);
    await writeDocument();
  }
});
