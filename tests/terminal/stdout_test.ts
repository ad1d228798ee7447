/** Proves that all lines reach stdout in order, even with a slow reader. */
import assert from "assert";
import { LineWriter } from "../../lib/terminal/stdout.ts";
import { HtClient } from "../../lib/client/client.ts";
import { testWith } from "../helpers/needs.ts";
import { fromSource, run, TOP } from "../../bench/harness/program.ts";
import { startServer } from "../helpers/server.ts";

/** Accepts a listed number of bytes at each write; 0 is a full pipe. */
function sink(takes: readonly number[]) {
  let text = "";
  let at = 0;
  const writeSync = (bytes: Uint8Array) => {
    const count = Math.min(bytes.length, takes[at++ % takes.length] ?? 0);
    if (count === 0) throw new Deno.errors.WouldBlock("full");
    text += new TextDecoder().decode(bytes.subarray(0, count));
    return count;
  };
  return { writeSync, text: () => text };
}

Deno.test("stdout: lines leave in order, in pieces of any size", async () => {
  const pipe = sink([3, 0, 0, 1, 2, 0, 40]);
  const writer = new LineWriter(pipe);
  const lines = Array.from({ length: 30 }, (_, at) => `line ${at}`);
  for (const line of lines) writer.write(line);
  assert.notEqual(pipe.text(), `${lines.join("\n")}\n`);
  await writer.flush();
  assert.equal(pipe.text(), `${lines.join("\n")}\n`);
  assert.equal(writer.flush(), undefined, "there is nothing to wait for");
});

Deno.test("stdout: a line that follows the last waiting one at once is not lost", async () => {
  let text = "";
  let calls = 0;
  const writer = new LineWriter({
    writeSync(bytes) {
      if (calls++ === 0) throw new Deno.errors.WouldBlock("full");
      text += new TextDecoder().decode(bytes);
      // The line that waits is the last one: the next one comes before anything else can happen.
      if (calls === 2) queueMicrotask(() => writer.write("two"));
      return bytes.length;
    },
  });
  writer.write("one");
  await writer.flush();
  await writer.flush();
  assert.equal(text, "one\ntwo\n");
});

Deno.test("stdout: a write that fails while others wait is thrown by flush and by the next write", async () => {
  let calls = 0;
  const writer = new LineWriter({
    writeSync() {
      throw calls++ === 0 ? new Deno.errors.WouldBlock("full") : new Error("no room on the disk");
    },
  });
  writer.write("one");
  await assert.rejects(async () => await writer.flush(), /no room/);
  assert.throws(() => writer.write("two"), /no room/);
});

/** Runs a program with a pipe that does not block and a slow reader. */
async function intoSlowPipe(limitBytes: number, command: readonly string[]) {
  const script = `${TOP}tests/terminal/slow_pipe.py`;
  const { stdout, stderr } = await run(["python3", script, String(limitBytes), ...command]);
  const { bytes, lines, code } = JSON.parse(stdout);
  return { bytes, lines, code, stderr };
}

async function fill(target: string, keys: number): Promise<void> {
  const client = await HtClient.connect(target);
  const value = { a: "b", rest: "x".repeat(200) };
  await Promise.all(Array.from({ length: keys }, (_, at) => client.insert(`key ${at}`, value)));
  await client.close();
}

for (const words of [["export"], ["scan", "^key"], ["query", "a", "b"]]) {
  testWith(["python3"], `fault: non-blocking stdout: htclient ${words[0]}`, async () => {
    await using server = startServer();
    const keys = 1_000;
    await fill(server.target, keys);
    const command = fromSource("client.ts", server.target, ...words);
    const { bytes, lines, code, stderr } = await intoSlowPipe(0, command);
    assert.deepEqual({ lines, code, stderr }, { lines: keys, code: 0, stderr: "" });
    assert.ok(bytes > 200_000, `${bytes} bytes`);
  });
}

testWith(
  ["python3"],
  "fault: non-blocking stdout: the end of the reader ends the program",
  async () => {
    await using server = startServer();
    await fill(server.target, 1_000);
    const command = fromSource("client.ts", server.target, "export");
    const { bytes, code, stderr } = await intoSlowPipe(100_000, command);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.ok(bytes < 200_000, `${bytes} bytes`);
  },
);
