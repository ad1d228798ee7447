/** A short soak with all kinds of work, and one with a leak. */
import assert from "assert";
import { slopesOf, verdictsOf } from "../../../bench/soak/findings.ts";
import { runSoak } from "../../../bench/soak/soak.ts";
import { seedFor } from "../../../bench/harness/random.ts";
import { TOP } from "../../../bench/harness/program.ts";
import { longTest } from "../../helpers/long.ts";

const MINUTES = 0.1;

/** The verdicts of a short run. Those on memory need more time. */
const EXACT = /^(connections|handles|sockets|timers|files|keys|replies)/;

longTest({
  name: "a server holds the same resources after work as before, and every reply is right",
  async fn() {
    const findings = await runSoak({ minutes: MINUTES, seed: seedFor("soak"), say: () => {} });
    const missed = verdictsOf(findings).filter(({ what, isGood }) => EXACT.test(what) && !isGood);
    assert.deepEqual(missed, []);
    assert.ok(findings.busy > 0 && findings.checkpoints > 0 && findings.samples.length > 0);
  },
});

longTest({
  name: "a server that leaks is not flat",
  async fn() {
    const preloads = [`${TOP}tests/bench/leaking.ts`];
    const seed = seedFor("leak");
    const findings = await runSoak({ minutes: MINUTES, seed, preloads, say: () => {} });
    const missed = verdictsOf(findings).filter(({ isGood }) => !isGood).map(({ what }) => what);
    assert.ok(missed.some((what) => what.startsWith("timers")), missed.join(", "));
    assert.ok(missed.some((what) => what.startsWith("memory at work")), missed.join(", "));
    assert.ok(slopesOf(findings).atRest.perHour > 1e9);
  },
});
