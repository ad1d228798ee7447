/** A short run of the table at its limit, in memory and on disk. */
import assert from "assert";
import { fullTable, fullTableVerdicts } from "../../../bench/soak/full_table.ts";
import { seedFor } from "../../../bench/harness/random.ts";

Deno.test("a full table refuses what there is no room for, and does all else", async () => {
  const findings = await fullTable({
    minutes: 0.15,
    seed: seedFor("full table"),
    say: () => {},
  });
  const missed = fullTableVerdicts(findings).filter(({ isGood }) => !isGood);
  assert.deepEqual(missed, []);
});
