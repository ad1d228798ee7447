/** Tests the screen of `testperf` in a terminal: nothing is broken, overwritten, or mixed. */
import assert from "assert";
import { fromSource, run } from "../../../bench/harness/program.ts";
import { testWith } from "../../helpers/needs.ts";
import { longTest } from "../../helpers/long.ts";
import { startServer } from "../../helpers/server.ts";
import { TmuxScreen } from "./tmux_screen.ts";

/** A row of the table. */
const ROW = "[a-z]+ +[\\d,]+ .* +\\d+ +(?:\\d+%|-)\\n";

/** A whole block. Its table has at least the given rows. */
function block(clients: string): string {
  return `127\\.0\\.0\\.1:\\d+: testperf (\\d+) on [^\\n]*, server [^\\n]*\\n` +
    `${clients}, [^\\n]*\\n(?: {2}[^\\n]*\\n)?Began at [\\d:]{8}[^\\n]*, --seed \\d+\\n\\n` +
    `[^\\n]* latency in ms [^\\n]*\\n +(?:ops +)?ops/s [^\\n]*busy\\n(?:${ROW}){2}` +
    `Latency [^\\n]*\\n(?: {2}[^\\n]*\\n)*(?:\\nWith --ops, [^\\n]*\\n {2}[^\\n]*\\n)?`;
}

/** Asserts that no line is longer than the terminal, except for those of the shell. */
function assertWidth(screen: string, columns: number): void {
  const lines = screen.split("\n").filter((line) => !/^(\$ |\[\d\])/.test(line));
  for (const line of lines) assert.ok(line.length <= columns, `${line.length}: ${line}`);
}

const FLAGS = "--ops 100 --operations insert,lookup";

testWith(["tmux"], "a terminal gets a bar, then one block in its place", async () => {
  await using server = startServer();
  for (const columns of [80, 120]) {
    await using screen = await TmuxScreen.open(columns);
    await screen.type(`t ${server.target} ${FLAGS}; echo "end $?"`);
    const text = await screen.until(/^end \d/m);
    assert.match(text, new RegExp(`^\\$ t [^\\n]*\\n${block("1 client")}end 0\\n`));
    assertWidth(text, columns);
    assert.match(await screen.raw(), /\rinsert [\u2588\u2591]{24} \d+%, \d+ s, \d+ ops\/s/);
  }
});

testWith(["tmux"], "three processes at once: no bar, and each block is whole", async () => {
  await using server = startServer();
  const runs = [FLAGS, `${FLAGS} --clients 4`, `${FLAGS} --clients 2 --rate 1000`]
    .map((flags) => `t ${server.target} ${flags} &`).join(" ");
  const blocks = new RegExp(`\\n${block("[124] clients?")}`, "g");
  for (const shell of ["interactive", "script"]) {
    await using screen = await TmuxScreen.open(80);
    await screen.type(
      shell === "script" ? `sh -c '${runs} wait'; echo end` : `${runs} wait; echo end`,
    );
    const text = await screen.until(/^end$/m);
    assert.equal(text.match(blocks)?.length, 3, text);
    assert.equal(text.match(/^127\.0\.0\.1:\d+: testperf \d+ begins at [\d:]{8}$/mg)?.length, 3);
    assertWidth(text, 80);
    assert.doesNotMatch(await screen.raw(), /\u2591/, "a bar");
  }
});

testWith(["tmux"], "Ctrl-C: the block has the stages so far, and the reason", async () => {
  await using server = startServer();
  await using screen = await TmuxScreen.open(80);
  await screen.type(`t ${server.target} --duration 60; echo "end $?"`);
  await screen.until(/^insert \u2588*\u2591+ \d+\.\d of 240\.0 s, [\d,]+ ops\/s$/m);
  await screen.press("C-c");
  const text = await screen.until(/^end \d/m);
  assert.match(
    text,
    /\n127\.0\.0\.1:\d+: testperf [^\n]*\n1 client, [^\n]*\nBegan at [^\n]*\n\nThe run ended early: ended by SIGINT\. Keys [^\n]*\n {2}[^\n]*\nend 1\n/,
  );
  assertWidth(text, 80);
});

longTest({
  name: "a process that moves to the background draws no bar until it is back",
  fn: moveToBackground,
});

async function moveToBackground(): Promise<void> {
  await using server = startServer();
  await using screen = await TmuxScreen.open(80);
  await screen.type(`t ${server.target} --duration 8 --operations insert,lookup`);
  const bar = /^insert \u2588*\u2591+ /m;
  await screen.until(bar);
  await screen.press("C-z");
  await screen.until(/Stopped/);
  await screen.type("clear; bg; sleep 2; echo waited");
  assert.doesNotMatch(await screen.until(/^waited$/m), /\u2591/);
  await screen.type("fg");
  await screen.until(/^(insert|lookup) \u2588*\u2591* /m);
  const text = await screen.until(/^Latency /m);
  assert.match(text, new RegExp(`\\n${block("1 client")}`));
}

testWith(["tmux"], "a terminal without a cursor or colors gets plain lines", async () => {
  await using server = startServer();
  await using screen = await TmuxScreen.open(80);
  await screen.type(`TERM=dumb NO_COLOR=1 t ${server.target} ${FLAGS}; echo end`);
  const text = await screen.until(/^end$/m);
  assert.match(text, new RegExp(`testperf \\d+ begins at [\\d:]{8}\\n${block("1 client")}end`));
  const raw = await screen.raw();
  // What readline and tmux's own shell write comes before the command's output.
  const written = raw.slice(raw.indexOf("begins at"), raw.lastIndexOf("Latency"));
  // deno-lint-ignore no-control-regex -- it finds escape sequences
  assert.doesNotMatch(written, /[\x1b\u2588]/);
});

Deno.test("three processes into one pipe, with 2>&1: each report is whole", async () => {
  await using server = startServer();
  const [deno = "", ...args] = fromSource("testperf.ts", server.target, ...FLAGS.split(" "));
  const one = [deno, ...args].map((part) => `'${part}'`).join(" ");
  const { stdout, stderr } = await run(["sh", "-c", `(${one} & ${one} & ${one} & wait) 2>&1`]);
  assert.equal(stderr, "");
  const report =
    "127\\.0\\.0\\.1:\\d+: testperf [^\\n]*\\n1 client, [^\\n]*\\nBegan at [^\\n]*\\n" +
    "insert: 100 ops [^\\n]*\\nlookup: 100 ops [^\\n]*\\nLatencies [^\\n]*\\n(?:With --ops[^\\n]*\\n)?";
  assert.match(stdout, new RegExp(`^(?:${report}){3}$`));
});
