import assert from "assert";
import { parseOptions } from "../../../bench/report/options.ts";
import { planOf } from "../../../bench/report/plan.ts";
import { UsageError } from "../../../lib/base/errors.ts";

Deno.test("options of the bench are read, and others are refused", () => {
  assert.deepEqual(parseOptions(["--quick", "--out", "a b"]), {
    isQuick: true,
    isTwoHostsOnly: false,
    isRebuildOnly: false,
    folder: "a b",
  });
  for (const args of [["--quik"], ["--out"], ["docs"]]) {
    assert.throws(() => parseOptions(args), UsageError);
  }
});

Deno.test("the full plan measures both modes whole and two hosts in short", () => {
  const { sweeps, limitS } = planOf({ isQuick: false, isTwoHostsOnly: false });
  assert.deepEqual(
    sweeps.map(({ part, operations }) => [part, operations.length]),
    [["memory", 4], ["durable", 4], ["two-hosts-memory", 2]],
  );
  assert.equal(limitS, 600);
  assert.equal(planOf({ isQuick: true, isTwoHostsOnly: false }).limitS, 60);
});
