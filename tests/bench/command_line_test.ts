import assert from "assert";
import { numberFrom, readOptions } from "../../bench/harness/command_line.ts";
import { fromSource, run } from "../../bench/harness/program.ts";
import { UsageError } from "../../lib/base/errors.ts";

const OPTIONS = { quick: { type: "boolean", default: false }, out: { type: "string" } } as const;

Deno.test("options and words of a benchmark are read, and unknown ones are usage errors", () => {
  const { values, positionals } = readOptions("x", ["--quick", "one", "--out", "a b"], OPTIONS, [
    "one",
  ]);
  assert.deepEqual({ ...values }, { quick: true, out: "a b" });
  assert.deepEqual(positionals, ["one"]);
  for (const args of [["--quik"], ["--out"], ["two"]]) {
    assert.throws(() => readOptions("x", args, OPTIONS, ["one"]), UsageError);
  }
  assert.throws(() => readOptions("x", ["one"], OPTIONS), UsageError);
});

Deno.test("a number of the command line is within its bounds", () => {
  const bounds = { min: 1, max: 10, isWhole: true };
  assert.equal(numberFrom("x", "--n", "10", bounds), 10);
  for (const text of ["0", "11", "1.5", "x", ""]) {
    assert.throws(() => numberFrom("x", "--n", text, bounds), UsageError);
  }
});

Deno.test("a misspelt option of a benchmark ends it with 2 and a sentence", async () => {
  const { code, stderr } = await run(fromSource("bench/report.ts", "--quik"));
  assert.equal(code, 2);
  assert.equal(stderr, "bench: Unknown option '--quik' (see deno task bench --help)\n");
});
