import assert from "assert";
import { parseOptions } from "../../fuzz/options.ts";
import { UsageError } from "../../lib/base/errors.ts";

const NAMES = ["framer", "live"];

Deno.test("options of the fuzzer are read, and others are usage errors", () => {
  const usual = {
    inputs: 10_000_000,
    seed: undefined,
    targets: [],
    minutes: 30,
    only: undefined,
    jsonPath: undefined,
  };
  assert.deepEqual(parseOptions([], NAMES), usual);
  assert.deepEqual(
    parseOptions(["--inputs", "5", "--minutes", "2", "--target", "live,framer"], NAMES),
    { ...usual, inputs: 5, minutes: 2, targets: ["live", "framer"] },
  );
  assert.equal(parseOptions(["--json", "a b"], NAMES).jsonPath, "a b");
  assert.equal(parseOptions(["--write"], NAMES).jsonPath, "docs/data/hardening/fuzz.json");
  for (
    const args of [
      ["--imputs", "5"],
      ["--inputs", "0"],
      ["--inputs"],
      ["--seed", "-1"],
      ["--minutes", "x"],
      ["--target", "nothing"],
      ["--only", "3"],
      ["--only", "3", "--seed", "1", "--target", "live,framer"],
      ["--json"],
    ]
  ) assert.throws(() => parseOptions(args, NAMES), UsageError, args.join(" "));
});
