/** A short run of a table at its memory limit, in memory and on disk. */
import assert from "assert";
import { runFullTable } from "../../../bench/soak/full_table.ts";
import { fullTableVerdicts } from "../../../bench/soak/full_table_findings.ts";
import { seedFor } from "../../../bench/harness/random.ts";
import { longTest } from "../../helpers/long.ts";

longTest({
  name: "a full table rejects values without room, and accepts all other requests",
  async fn() {
    const findings = await runFullTable({
      minutes: 0.15,
      seed: seedFor("full table"),
      say: () => {},
    });
    const missed = fullTableVerdicts(findings).filter(({ isGood }) => !isGood);
    assert.deepEqual(missed, []);
  },
});
