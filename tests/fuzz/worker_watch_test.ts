/** Tests that an input that hangs or ends its process is found, with its number. */
import assert from "assert";
import { runWatched, type Task } from "../../fuzz/worker_watch.ts";

const TASK: Task = {
  target: "x",
  seed: 1,
  first: 0,
  count: 30,
  step: 10,
  forMs: Number.MAX_SAFE_INTEGER,
};

/** A worker that runs this code at input 17. */
function worker(odd: string): string[] {
  const code = `
    const { first, count, step } = JSON.parse(Deno.args[0]);
    for (let number = first; number < first + count; number++) {
      if ((number - first) % step === 0) console.log(JSON.stringify({ next: number }));
      if (number === 17) { ${odd} }
    }
    console.log(JSON.stringify({ done: count }));`;
  return [Deno.execPath(), "eval", code];
}

function watch(odd: string, hangMs: number): ReturnType<typeof runWatched> {
  return runWatched(TASK, () => {}, { command: worker(odd), hangMs });
}

Deno.test("fuzz: an input that ends the process is found", async () => {
  const { done, finding } = await watch("Deno.exit(3);", 60_000);
  assert.equal(done, 10, "the inputs before the last message");
  assert.equal(finding?.number, 17);
  assert.match(finding?.problem ?? "", /ended/);
});

Deno.test("fuzz: an input that hangs is found", async () => {
  const { finding } = await watch("for (;;);", 1_500);
  assert.equal(finding?.number, 17);
  assert.match(finding?.problem ?? "", /did not end/);
});

Deno.test("fuzz: a process without a problem runs all inputs", async () => {
  assert.deepEqual(await watch("", 60_000), { done: 30, finding: undefined });
});
