/** Proves that the text of REPORT holds for the committed data. */
import assert from "assert";
import { TOP } from "../../../bench/harness/program.ts";
import { checkClaim, uncheckedText } from "../../../bench/report/claim_check.ts";
import { CLAIMS, CONSTANTS } from "../../../bench/report/claims.ts";
import { proseOf } from "../../../bench/report/document.ts";
import { Figures } from "../../../bench/report/figures.ts";
import { readFindings } from "../../../bench/report/files.ts";

Deno.test("all claims of REPORT hold for the data in docs/data/report/", async () => {
  const figures = new Figures(await readFindings(`${TOP}docs/data/report`));
  const checked = CLAIMS.map((claim) => checkClaim(claim, figures));
  assert.deepEqual(checked.filter(({ holds }) => !holds).map(({ line }) => line), []);
});

Deno.test("every figure in the text of REPORT is in a claim, and every claim is in the text", async () => {
  const prose = proseOf(await Deno.readTextFile(`${TOP}REPORT`));
  assert.deepEqual(uncheckedText(prose, CLAIMS, CONSTANTS), []);
});
