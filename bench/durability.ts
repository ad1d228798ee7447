/** `deno task bench:durability`: measures the cost of durability, and compares it with the targets. */
import { columns } from "../lib/terminal/columns.ts";
import { checkpoint } from "./durability/checkpoint.ts";
import { insert } from "./durability/insert.ts";
import { lookups } from "./durability/lookups.ts";
import { memory } from "./durability/memory.ts";
import { recovery } from "./durability/recovery.ts";
import { FULL, QUICK, type Scale } from "./durability/scale.ts";
import { sync } from "./durability/sync.ts";
import { writeSections } from "./harness/generated_sections.ts";
import { main, readOptions } from "./harness/command_line.ts";
import { Problems } from "./harness/problems.ts";
import { TOP } from "./harness/program.ts";
import type { Answer } from "./harness/summary.ts";
import { asMarkdown } from "./harness/tables.ts";

const QUESTIONS: Readonly<Record<string, (scale: Scale) => Promise<Answer>>> = {
  insert,
  sync,
  lookups,
  checkpoint,
  recovery,
  memory,
};

const RAW = `${TOP}docs/data/durability.json`;

const HELP = `Measures the cost of durability, and compares it with the targets.

  deno task bench:durability                  all questions, in about 4 minutes
  deno task bench:durability recovery memory  some of them (${Object.keys(QUESTIONS).join(", ")})
      --quick                                 one short round on a small table: shows that all works
      --write                                 rewrite docs/DURABILITY.md and its raw data
      --json FILE                             write the raw data there

docs/DURABILITY.md says what each question measures.`;

await main("bench", HELP, async () => {
  const { values, positionals } = readOptions("bench:durability", Deno.args, {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    json: { type: "string" },
  }, Object.keys(QUESTIONS));
  const scale = values.quick ? QUICK : FULL;
  const answers: Record<string, Answer> = {};
  const problems = new Problems();
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const startedMs = performance.now();
    await problems.attempt(name, async () => {
      const answer = answers[name] = await ask(scale);
      show(name, answer, performance.now() - startedMs);
    });
  }
  const isComplete = problems.failures.length === 0;
  if (values.write && isComplete && !values.quick) await writeDocuments(answers);
  if (values.json !== undefined) {
    await Deno.writeTextFile(values.json, JSON.stringify(answers, undefined, 1) + "\n");
  }
  if (!isComplete) throw new Error(problems.failures.join("; "));
});

function show(name: string, answer: Answer, tookMs: number): void {
  console.log(`\n## ${answer.question} (${name}, took ${(tookMs / 1e3).toFixed(0)} s)\n`);
  console.log(columns([answer.columns, ...answer.rows]));
  for (const { target, measured, isMet } of answer.verdicts) {
    console.log(`${isMet ? "met   " : "MISSED"}  ${target}: ${measured}`);
  }
}

/**
 * Rewrites the figures of these questions. The others stay.
 *
 * @param answers by the names of the questions
 */
async function writeDocuments(answers: Readonly<Record<string, Answer>>): Promise<void> {
  const sections = Object.entries(answers).map(([name, answer]) => [name, sectionOf(answer)]);
  await writeSections(`${TOP}docs/DURABILITY.md`, Object.fromEntries(sections));
  const raw = { ...JSON.parse(await Deno.readTextFile(RAW)), ...answers };
  await Deno.writeTextFile(RAW, JSON.stringify(raw, undefined, 1) + "\n");
}

function sectionOf({ columns, rows, verdicts }: Answer): string {
  const table = asMarkdown({ heading: columns, rows, words: columns.length });
  const judged = verdicts.map(({ target, measured, isMet }) =>
    `- ${target}: ${measured}, ${isMet ? "met" : "**missed**"}`
  );
  return [table, ...(judged.length > 0 ? ["", ...judged] : [])].join("\n");
}
