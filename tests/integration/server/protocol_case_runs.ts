/** Runs of the protocol cases of docs/protocol-cases, in several ways of sending. */
import assert from "assert";
import { readdirSync } from "node:fs";
import type { Address } from "../../../lib/base/address.ts";
import { parseCases, type ProtocolCase } from "../../../tools/protocol_cases/protocol_case.ts";
import { type CaseOptions, runCase } from "../../../tools/protocol_cases/run_case.ts";
import { TOP } from "../../../bench/harness/program.ts";

/** The folder with the cases for any server; other folders are in it. */
export const CASES = `${TOP}docs/protocol-cases`;

/** A way of sending. */
export type Way = Pick<CaseOptions, "splitBytes" | "isPipelined">;

export const WAYS: Readonly<Record<string, Way>> = {
  "a line at a time": {},
  "a byte at a time": { splitBytes: 1 },
  "seven bytes at a time": { splitBytes: 7 },
  "a whole case at once": { isPipelined: true },
};

/** Reads the cases of a folder, without those in its folders. @param folder a path in `CASES` */
export function casesIn(folder: string): ProtocolCase[] {
  const path = `${CASES}/${folder}`;
  const names = readdirSync(path).filter((name) => name.endsWith(".jsonl")).sort();
  const cases = names.flatMap((name) => parseCases(Deno.readTextFileSync(`${path}/${name}`)));
  assert.ok(cases.length > 0, `${path} holds no cases`);
  return cases;
}

/** Runs cases one after another, and fails if one does not hold. */
export async function assertAllHold(
  cases: readonly ProtocolCase[],
  { hostname, port }: Address,
  way: Way,
): Promise<void> {
  const problems: string[] = [];
  for (const one of cases) {
    const problem = await runCase(one, { hostname, port, ...way });
    if (problem !== undefined) problems.push(`${one.name}: ${problem}`);
  }
  assert.deepEqual(problems, []);
}
