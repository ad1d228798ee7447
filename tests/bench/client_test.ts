/** Proves that the comparison of clients divides figures of one round, and shows medians. */
import assert from "assert";
import { CELLS } from "../../bench/client/cells.ts";
import type { ProgramName, Result } from "../../bench/client/measure.ts";
import { clientTable } from "../../bench/client/report.ts";

Deno.test("bench:client: ratios are of one round, and a program without results has no row", () => {
  const results = (program: ProgramName, ...perSecond: number[]): Result[] =>
    perSecond.map((each, round) => ({
      ...{ cell: "50", program, round, perSecond: each * 1e3 },
      ...{ p50Us: each, clientUs: 5, clientShare: 0.5 },
    }));
  // The machine was twice as slow in the second round, and half as slow in the third.
  const all = [...results("this", 150, 75, 310), ...results("earlier", 100, 50, 200)];
  const { heading, rows } = clientTable(CELLS, all);
  assert.ok(rows.every((row) => row.length === heading.length));
  assert.deepEqual(rows.map((row) => row.slice(0, 4)), [
    ["50", "earlier testperf", "100.0 (50.0 to 200.0)", "1.50 (1.50 to 1.55)"],
    ["50", "testperf", "150.0 (75.0 to 310.0)", ""],
  ]);
});
