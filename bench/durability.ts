/**
 * Measures what being durable costs, and prints it against the targets:
 *
 *     deno task bench:durability                  all questions
 *     deno task bench:durability recovery memory  some of them
 *     deno task bench:durability --write          docs/DURABILITY.md and docs/data/durability.json too
 *     deno task bench:durability --json FILE      the raw data too
 *
 * docs/DURABILITY.md says what each one measures and what came out.
 */
import { columns } from "../lib/terminal/columns.ts";
import { checkpoint } from "./durability/checkpoint.ts";
import { insert } from "./durability/insert.ts";
import { lookups } from "./durability/lookups.ts";
import { memory } from "./durability/memory.ts";
import { recovery } from "./durability/recovery.ts";
import { sync } from "./durability/sync.ts";
import { writeDocuments } from "./durability/documents.ts";
import type { Answered } from "./harness/summary.ts";
import { Problems } from "./harness/problems.ts";

const QUESTIONS: Readonly<Record<string, () => Promise<Answered>>> = {
  insert,
  sync,
  lookups,
  checkpoint,
  recovery,
  memory,
};

const args = [...Deno.args];
const jsonAt = args.indexOf("--json");
const [, jsonPath] = jsonAt < 0 ? [] : args.splice(jsonAt, 2);
const writeAt = args.indexOf("--write");
const isWriting = writeAt >= 0;
if (isWriting) args.splice(writeAt, 1);
const unknown = args.find((name) => !Object.hasOwn(QUESTIONS, name));
if (unknown !== undefined) {
  console.error(
    `There is no question '${unknown}'; there are ${Object.keys(QUESTIONS).join(", ")}`,
  );
  Deno.exit(2);
}

const answers: Record<string, Answered> = {};
const problems = new Problems();
for (const [name, ask] of Object.entries(QUESTIONS)) {
  if (args.length > 0 && !args.includes(name)) continue;
  const startedMs = performance.now();
  let answer: Answered;
  try {
    answer = answers[name] = await ask();
  } catch (error) {
    problems.add(name, error);
    continue; // The others are worth having.
  }
  const seconds = ((performance.now() - startedMs) / 1e3).toFixed(0);
  console.log(`\n## ${answer.question} (${name}, took ${seconds} s)\n`);
  console.log(columns([answer.columns, ...answer.rows]));
  for (const { target, measured, isMet } of answer.verdicts) {
    console.log(`${isMet ? "met   " : "MISSED"}  ${target}: ${measured}`);
  }
}
const isWhole = problems.failures.length === 0;
if (isWriting && isWhole) await writeDocuments(answers);
if (jsonPath !== undefined) {
  Deno.writeTextFileSync(jsonPath, JSON.stringify(answers, undefined, 1) + "\n");
}
if (!isWhole) {
  console.error(`bench: ${problems.failures.join("; ")}`);
  Deno.exitCode = 1;
}
