import assert from "assert";
import { parseOptions } from "../../../bench/soak/options.ts";
import { UsageError } from "../../../lib/base/errors.ts";

Deno.test("options of the soak are read, and others are refused", () => {
  assert.deepEqual(parseOptions([], 7), {
    minutes: 30,
    seed: 7,
    isFullTable: false,
    isWriting: false,
  });
  assert.deepEqual(parseOptions(["--full-table", "--seed", "3", "--write"], 7), {
    minutes: 10,
    seed: 3,
    isFullTable: true,
    isWriting: true,
  });
  assert.equal(parseOptions(["--minutes", "0.5"], 7).minutes, 0.5);
  for (const args of [["--minute"], ["--minutes"], ["--minutes", "0"], ["--seed", "x"], ["7"]]) {
    assert.throws(() => parseOptions(args, 7), UsageError);
  }
});
