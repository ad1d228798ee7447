/** Proves how a program reads the facts that the header of the portable form passes. */
import assert from "assert";
import { memoryLimit, parseSystemFacts } from "../../lib/cli/system_facts.ts";

Deno.test("system_facts: unknown limits are Infinity", () => {
  const unknown = {
    memoryBytes: Infinity,
    fileBytes: Infinity,
    openFiles: Infinity,
    ignoresHangup: false,
    replacementChars: 0,
  };
  const texts = ["", "memory= file=unlimited files= hangup= replacements=", "memory=-1 x y="];
  for (const text of texts) assert.deepEqual(parseSystemFacts(text), unknown, text);
});

Deno.test("system_facts: facts of the header", () => {
  const text = "memory=250000000 file=512 files=1024 hangup=ignored replacements=2";
  assert.deepEqual(parseSystemFacts(text), {
    memoryBytes: 250_000_000,
    fileBytes: 512,
    openFiles: 1_024,
    ignoresHangup: true,
    replacementChars: 2,
  });
});

Deno.test("system_facts: memory is at most that of the machine", () => {
  assert.ok(memoryLimit() > 0);
  assert.ok(memoryLimit() <= Deno.systemMemoryInfo().total);
});
