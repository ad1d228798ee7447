/** Short runs: everything that a long one does, and a leak that must be found. */
import assert from "assert";
import { slopesOf, verdictsOf } from "../../../bench/soak/findings.ts";
import { soak } from "../../../bench/soak/soak.ts";
import { seedFor } from "../../../bench/harness/random.ts";
import { TOP } from "../../../bench/harness/program.ts";

const MINUTES = 0.1;

/** What a short run can tell; memory takes longer. */
const EXACT = /^(connections|handles|sockets|timers|files|keys|replies)/;

Deno.test("a server is after work as it was before, and every reply is as it must be", async () => {
  const seed = seedFor("soak");
  const findings = await soak({ minutes: MINUTES, seed, say: () => {} });
  const missed = verdictsOf(findings).filter(({ what, isGood }) => EXACT.test(what) && !isGood);
  assert.deepEqual(missed, []);
  assert.ok(findings.checkpoints > 0, "compactions happen");
  assert.ok(findings.samples.length > 0 && findings.rests.length > 2);
});

Deno.test("a server that leaks is called not flat", async () => {
  const preloads = [`${TOP}tests/bench/leaking.ts`];
  const findings = await soak({
    minutes: MINUTES,
    seed: seedFor("leak"),
    preloads,
    say: () => {},
  });
  const missed = verdictsOf(findings).filter(({ isGood }) => !isGood).map(({ what }) => what);
  assert.ok(missed.some((what) => what.startsWith("timers")), missed.join(", "));
  assert.ok(missed.some((what) => what.startsWith("memory at work")), missed.join(", "));
  assert.ok(slopesOf(findings).atRest.perHour > 1e9);
});
