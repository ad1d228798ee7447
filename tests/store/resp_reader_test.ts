import assert from "assert";
import { Fifo } from "../../lib/base/fifo.ts";
import type { LinkCommand, ReplyValue } from "../../lib/store/node_link.ts";
import { AskCommand } from "../../lib/store/ask_command.ts";
import { RESP_LIMITS, RespError, RespReader } from "../../lib/store/resp_reader.ts";
import { cut, joined, utf8 } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("resp reader");

// `fuzz/targets/resp.ts` compares the reader with another parser, for any bytes and any cuts.

/** A reader, and what its commands were given. */
class Scene {
  readonly waiting = new Fifo<LinkCommand>();
  readonly reader = new RespReader(this.waiting);
  readonly calls: string[] = [];
  /** The buffers of the strings. */
  readonly buffers: Uint8Array[] = [];
  takes = true;
  onCall = (_call: string): void => {};

  constructor(commands: number) {
    for (let left = commands; left > 0; left--) this.waiting.push(this.#command());
  }

  #command(): LinkCommand {
    const add = (call: string) => {
      this.calls.push(call);
      this.onCall(call);
    };
    return {
      encode() {},
      begin: () => add("begin"),
      onInteger: (value) => add(`integer ${value}`),
      takesString: (bytes) => {
        add(`takes ${bytes}`);
        return this.takes;
      },
      onString: (bytes, start, end) => {
        this.buffers.push(bytes);
        add(`string of ${end - start}`);
      },
      onNil: () => add("nil"),
      onArray: (elements) => add(`array of ${elements}`),
      onError: (code, message) => add(`error ${code}, ${message}`),
      onEnd: () => add("end"),
    };
  }
}

test("each type of reply reaches its command piece by piece", () => {
  const scene = new Scene(6);
  scene.reader.push(
    utf8(":-12\r\n+OK\r\n$3\r\nabc\r\n$-1\r\n-MOVED 3 h:1\r\n*2\r\n*-1\r\n*1\r\n:5\r\n"),
  );
  assert.deepEqual(scene.calls, [
    ...["begin", "integer -12", "end"],
    ...["begin", "takes 2", "string of 2", "end"],
    ...["begin", "takes 3", "string of 3", "end"],
    ...["begin", "nil", "end"],
    ...["begin", "error MOVED, MOVED 3 h:1", "end"],
    ...["begin", "array of 2", "nil", "array of 1", "integer 5", "end"],
  ]);
  assert.equal(scene.waiting.length, 0);
});

test("a string that comes at once is not copied, and a long one is joined in one buffer of its size", () => {
  const bytes = joined([utf8("$300000\r\n"), new Uint8Array(300_000).fill(97), utf8("\r\n")]);
  const whole = new Scene(1);
  whole.reader.push(bytes);
  assert.equal(whole.buffers[0], bytes);
  const pieces = new Scene(1);
  for (const piece of cut(bytes, [65_536])) pieces.reader.push(piece);
  assert.equal(pieces.buffers[0]?.length, 300_000);
  assert.deepEqual(pieces.buffers[0], new Uint8Array(300_000).fill(97));
  assert.ok(pieces.reader.bufferedBytes < 1_000, "it is released");
});

test("(I5) the bytes of a string that is not taken are not kept", () => {
  const scene = new Scene(1);
  scene.takes = false;
  scene.reader.push(utf8("$50000000\r\n"));
  const chunk = new Uint8Array(1_000_000).fill(97);
  for (let left = 50; left > 0; left--) {
    scene.reader.push(chunk);
    assert.ok(scene.reader.bufferedBytes < 1_000);
  }
  scene.reader.push(utf8("\r\n"));
  assert.deepEqual(scene.calls, ["begin", "takes 50000000", "end"]);
});

test("without memory for a string, its command gets an error, and the connection goes on", () => {
  const scene = new Scene(2);
  const bytes = 5_000;
  const constructed = globalThis.Uint8Array;
  const refuse = {
    construct: () => {
      throw new RangeError("Array buffer allocation failed");
    },
  };
  const text = utf8(`*2\r\n$${bytes}\r\n${"a".repeat(bytes)}\r\n$1\r\nb\r\n:7\r\n`);
  const pieces = [...cut(text, [1_000])];
  try {
    globalThis.Uint8Array = new Proxy(constructed, refuse);
    for (const piece of pieces) scene.reader.push(piece);
  } finally {
    globalThis.Uint8Array = constructed;
  }
  const why = `NOMEMORY this server has no memory for a string of ${bytes} bytes`;
  assert.deepEqual(scene.calls, [
    ...["begin", "array of 2", `takes ${bytes}`, `error NOMEMORY, ${why}`],
    ...["takes 1", "string of 1", "end", "begin", "integer 7", "end"],
  ]);
});

test("(I5, I9) what is no reply, or passes a bound, ends the connection with the reason", () => {
  const { stringBytes, lineBytes, elements } = RESP_LIMITS;
  const cases: readonly [string, RegExp][] = [
    ["HTTP/1.1 400 Bad Request\r\n", /not RESP2/],
    ["%1\r\n", /not RESP2/],
    [":\r\n", /no digits/],
    [":1x\r\n", /other characters/],
    [":9007199254740992\r\n", /too large/],
    [":11111111111111111", /too long/],
    ["$-2\r\n", /negative/],
    ["$" + (stringBytes + 1) + "\r\n", /a string has more than/],
    ["$1\r\nab\r\n", /longer than announced/],
    ["$1\r\na\ra", /CR LF/],
    ["*" + (elements + 1) + "\r\n", /an array has more than/],
    ["*1\r\n".repeat(RESP_LIMITS.depth + 1), /too deeply/],
    ["+OK\n", /CR LF/],
    ["+" + "x".repeat(lineBytes + 1), /too long/],
    [":1\r\n:2\r\n", /without a command/],
  ];
  for (const [text, reason] of cases) {
    const scene = new Scene(1);
    const isRight = (error: unknown) => error instanceof RespError && reason.test(error.message);
    assert.throws(() => scene.reader.push(utf8(text)), isRight, text.slice(0, 30));
    const calls = scene.calls.length;
    scene.reader.push(utf8(":1\r\n"));
    assert.equal(scene.calls.length, calls, "it is stopped");
  }
  const most = new Scene(1);
  most.reader.push(utf8(`*${elements}\r\n` + "*1\r\n".repeat(RESP_LIMITS.depth - 1) + ":1\r\n"));
  assert.equal(most.calls.at(-1), "integer 1");
});

test("a command that stops the reader gets no further call", () => {
  const text = "*3\r\n:1\r\n$1\r\na\r\n$-1\r\n+OK\r\n-ERR x\r\n";
  const all = new Scene(3);
  all.reader.push(utf8(text));
  for (let count = 1; count <= all.calls.length; count++) {
    const scene = new Scene(3);
    scene.onCall = () => {
      if (scene.calls.length === count) scene.reader.stop();
    };
    scene.reader.push(utf8(text));
    assert.deepEqual(scene.calls, all.calls.slice(0, count));
  }
});

test("a question collects its reply as a value, and an error in it rejects it", async () => {
  const ask = (text: string) =>
    new Promise<ReplyValue>((resolve, reject) => {
      const waiting = new Fifo<LinkCommand>();
      waiting.push(new AskCommand(["X"], { resolve, reject }));
      const reader = new RespReader(waiting);
      for (const piece of cut(utf8(text), [text.length < 99 ? 3 : 9_999])) reader.push(piece);
    });
  assert.equal(await ask("$5\r\nh\u00e9ll\r\n"), "h\u00e9ll");
  assert.deepEqual(await ask("*3\r\n*0\r\n*2\r\n:1\r\n$-1\r\n+x\r\n"), [[], [1, null], "x"]);
  await assert.rejects(ask("*2\r\n:1\r\n-ERR no way\r\n"), { code: "ERR", message: "ERR no way" });
  await assert.rejects(ask(`*1000001\r\n${":1\r\n".repeat(1_000_001)}`), /more than 1000000/);
  await assert.rejects(ask(`$16000001\r\n${"x".repeat(16_000_001)}\r\n`), /more than 16000000/);
});
