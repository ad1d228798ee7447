/** Proves the order and time of replies, and that a slow reader is not read from (I1, I2, I5, I9). */
import assert from "assert";
import fc from "fast-check";
import { READ_BUFFER_BYTES, SMALL_READS_TO_SHRINK } from "../../lib/base/limits.ts";
import { FakeStorage } from "../engine/fake_storage.ts";
import { anyCharacter, jsonText } from "../helpers/json_texts.ts";
import { cut, utf8 } from "../helpers/streams.ts";
import { testsOf } from "../helpers/pure.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { numbersTo } from "../engine/numbered_client.ts";
import { ids, ping, pings, server, settled } from "./connection_server.ts";

const test = testsOf("connection");

test("replies have the order of the requests, with any chunks of both", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(60),
      sizes,
      fc.integer({ min: 1, max: 99 }),
      async (count, sizes, most) => {
        const { socket, ended } = server({ limits: { maxOutputBytes: 10 * most } }).connect();
        socket.maxWriteBytes = most;
        socket.send(...cut(utf8(pings(count)), sizes), null);
        await ended;
        assert.deepEqual(ids(socket), numbersTo(count));
        assert.equal(socket.closes, 1);
      },
    ),
    { numRuns: 100 },
  );
});

test("keys and values come back byte for byte, with any chunks of the requests (I8)", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 });
  const values = fc.array(fc.oneof(jsonText, fc.nat(3_000).map((size) => `"${"v".repeat(size)}"`)));
  const text = fc.string({ unit: anyCharacter, maxLength: 4 });
  const isSpread = fc.boolean();
  await fc.assert(
    fc.asyncProperty(values, text, sizes, isSpread, async (values, text, sizes, isSpread) => {
      const { socket, ended } = server({ storage: new FakeStorage("never") }).connect();
      const sent = values.map((value) => value.toWellFormed().replace(/[\r\n]/g, " "));
      const keyOf = (at: number) => JSON.stringify(`${text}${at % 7}`);
      const lines = sent.map((value, at) => {
        const insert = `{"method":"insert","key":${keyOf(at)},"value":${value}}\n`;
        return `${insert}{"method":"lookup","key":${keyOf(at)}}\n`;
      });
      if (isSpread) { for (const line of lines) socket.send(...cut(utf8(line), sizes)); }
      else socket.send(...cut(utf8(lines.join("")), sizes));
      socket.send(null);
      await ended;
      const expected = sent.map((value) =>
        `{"status":"OK","result":null}\n{"status":"OK","result":${value}}\n`
      );
      assert.equal(socket.written, expected.join(""));
    }),
    { numRuns: 100 },
  );
});

test("no reply leaves before the changes that it shows are durable, and nothing is read meanwhile (I2)", async () => {
  using _clock = stoppedClock(); // all of them in one batch, even on a busy machine
  const storage = new FakeStorage();
  const { connect } = server({ storage });
  const all = numbersTo(20).map(() => connect()); // enough for a sync in the background
  for (const { socket } of all) {
    socket.send('{"method":"insert","key":"k","value":1}\n', ping(1));
  }
  await settled();
  assert.equal(storage.pendingSyncs, 1);
  for (const { socket } of all) {
    assert.equal(socket.written, "");
    assert.equal(socket.bufferSizes.length, 1);
  }
  storage.endSync();
  await settled();
  for (const { socket } of all) assert.deepEqual(ids(socket), [undefined, 1]);
  for (const { connection } of all) connection.end();
  await Promise.all(all.map(({ ended }) => ended));
});

test("a failed write is reported in the order of the requests (I1, I6)", async () => {
  const storage = new FakeStorage("never");
  const { connect } = server({ storage });
  const { socket, ended } = connect();
  const insert = (id: number) => `{"method":"insert","key":"k","value":${id},"id":${id}}\n`;
  socket.send(insert(0) + ping(1));
  await socket.until(() => socket.replies.length === 2);
  storage.writeError = "full";
  const lookup = '{"method":"lookup","key":"k","id":4}\n';
  socket.send(ping(2) + insert(3) + lookup + "nonsense\n" + insert(5) + ping(6), null);
  await ended;
  assert.deepEqual(socket.replies.map(({ id, type, result }) => [id, type ?? result]), [
    [0, null],
    [1, "pong"],
    [2, "pong"],
    [3, "StorageError"],
    [4, 0],
    [undefined, "RequestError"],
    [5, "StorageError"],
    [6, "pong"],
  ]);
});

test("valid and invalid lines each get one reply, in order", async () => {
  const { socket, ended } = server({ limits: { maxRequestBytes: 50 } }).connect();
  socket.send(`${ping(1)}x\n\r\n\n${"y".repeat(60)}\n`, Uint8Array.of(0xff, 10), ping(2), null);
  await ended;
  const replies = socket.replies.map(({ id, type }) => id ?? type);
  assert.deepEqual(replies, [1, "RequestError", "TooLarge", "RequestError", 2]);
});

test("a line that is too long is rejected before its end", async () => {
  const { socket, ended } = server({ limits: { maxRequestBytes: 50 } }).connect();
  socket.send(ping(0) + "y".repeat(60));
  await socket.until(() => socket.replies.length === 2);
  assert.equal(socket.replies[1]?.["type"], "TooLarge");
  socket.send("yyy\n" + ping(1), null);
  await ended;
  assert.deepEqual(ids(socket), [0, undefined, 1]);
});

test("a client that takes no replies is not read from, and few of its requests are executed (I5)", async () => {
  const { executor, connect } = server({ limits: { maxOutputBytes: 1_000 } });
  const { socket, ended } = connect();
  socket.holdWrites();
  socket.send(pings(1_000), pings(1_000), null);
  await settled();
  const reads = socket.bufferSizes.length;
  await settled();
  assert.equal(socket.bufferSizes.length, reads, "nothing more is read");
  assert.ok(executor.ops.ping <= 1_000 / 30, `${executor.ops.ping} executed`);
  socket.releaseWrites();
  await ended;
  assert.equal(executor.ops.ping, 2_000);
  assert.deepEqual(ids(socket), [...numbersTo(1_000), ...numbersTo(1_000)]);
});

test("the read buffer starts small, grows with large reads, and shrinks again", async () => {
  const { socket, ended } = server().connect();
  socket.send(ping(0)); // a long first line would end the connection
  socket.send(...Array.from({ length: 20 }, () => utf8(" ".repeat(READ_BUFFER_BYTES.largest))));
  socket.send(...Array.from({ length: SMALL_READS_TO_SHRINK + 1 }, () => utf8("\n")), null);
  await ended;
  const { bufferSizes } = socket;
  assert.equal(bufferSizes[0], READ_BUFFER_BYTES.first);
  assert.equal(Math.max(...bufferSizes), READ_BUFFER_BYTES.largest);
  assert.equal(bufferSizes.at(-1), READ_BUFFER_BYTES.first);
});

test("requests a little larger than the read buffer do not replace it each time", async () => {
  const { socket, ended } = server().connect();
  for (let request = 0; request < 20; request++) {
    socket.send(utf8(" ".repeat(READ_BUFFER_BYTES.first)), utf8(" ".repeat(15) + "\n"));
  }
  socket.send(null);
  await ended;
  const changes = socket.bufferSizes.filter((size, at, all) => at > 0 && size !== all[at - 1]);
  assert.equal(changes.length, 1);
});

test("nothing that a client sends makes run() throw", async () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom(...["{", "}\n", ping(1)].map(utf8)),
  );
  const end = fc.constantFrom(null, new Error("reset"));
  await fc.assert(
    fc.asyncProperty(fc.array(chunk), end, fc.boolean(), async (chunks, end, isBroken) => {
      const { socket, ended } = server({ limits: { maxRequestBytes: 30 } }).connect();
      if (isBroken) socket.writeFailure = new Error("broken pipe");
      socket.send(...chunks.filter(({ length }) => length > 0), end);
      await ended;
      assert.equal(socket.closes, 1);
    }),
    { numRuns: 100 },
  );
});
