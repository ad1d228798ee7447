/** What the header of the portable form passes on, as a program reads it. */
import assert from "assert";
import { memoryLimit, parseSystemFacts } from "../../lib/cli/system_facts.ts";

Deno.test("system_facts: limits that are not known are none", () => {
  const unknown = {
    memoryBytes: Infinity,
    fileBytes: Infinity,
    openFiles: Infinity,
    ignoresHangup: false,
    replacementChars: 0,
  };
  for (
    const text of ["", "memory= file=unlimited files= hangup= replacements=", "memory=-1 x y="]
  ) {
    assert.deepEqual(parseSystemFacts(text), unknown, text);
  }
});

Deno.test("system_facts: what the header found", () => {
  const text = "memory=250000000 file=512 files=1024 hangup=ignored replacements=2";
  assert.deepEqual(parseSystemFacts(text), {
    memoryBytes: 250_000_000,
    fileBytes: 512,
    openFiles: 1_024,
    ignoresHangup: true,
    replacementChars: 2,
  });
});

Deno.test("system_facts: memory is no more than the machine's", () => {
  assert.ok(memoryLimit() > 0);
  assert.ok(memoryLimit() <= Deno.systemMemoryInfo().total);
});
