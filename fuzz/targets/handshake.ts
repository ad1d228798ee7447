/**
 * The start of a connection. A stream of another protocol gets one error and changes nothing. Any other
 * stream gets a reply for each of its lines.
 */
import { silentLog } from "../../lib/base/log.ts";
import { CommandQueue } from "../../lib/engine/command_queue.ts";
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { Executor } from "../../lib/engine/executor.ts";
import { BufferBudget } from "../../lib/server/buffer_budget.ts";
import { Connection } from "../../lib/server/connection.ts";
import type { ConnectionOptions } from "../../lib/server/connection_options.ts";
import { memoryStorage } from "../../lib/storage/storage.ts";
import { contextWith, newClient } from "../../tests/engine/command_context.ts";
import { FakeSocket } from "../../tests/server/fake_socket.ts";
import { neverYields } from "../../tests/engine/command_context.ts";
import { cut, joined, utf8 } from "../../tests/helpers/streams.ts";
import { anyBytes, mutate } from "../make/mutate.ts";
import { requestBytes } from "../make/requests.ts";
import { firstReply } from "../oracle/request.ts";
import { linesOf } from "../oracle/lines.ts";
import { oneIn, pick, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

/** The longest request line, in bytes. */
const MAX_LINE_BYTES = 2_000;

const LIMITS = {
  maxRequestBytes: MAX_LINE_BYTES,
  maxOutputBytes: 1_000_000,
  maxOutputHardBytes: 100_000_000,
  maxInFlight: 1_000,
  idleTimeoutMs: Infinity,
  requestTimeoutMs: Infinity,
};

const INSERT = utf8('\n{"method":"insert","key":"smuggled","value":1}\n');

/** The first bytes of other protocols, and of odd requests. */
const BEGINNINGS = [
  ...["GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n"],
  ...["\x16\x03\x01\x02\x00\x01\x00", "\0\x01\0\x08!\x12", "USER a\r\n", "{ / HTTP/1.1\r\n"],
  ...[" ", "\t", "\r", "\n", "\r\n\n", "{", "{}", "[", '{"method":1}', '{"method":"ping"}'],
].map(utf8);

/** @param connectionOf makes the connection (default: that of the server) */
export function handshakeTarget(
  connectionOf: (options: ConnectionOptions) => Pick<Connection, "run"> = (options) =>
    new Connection(options),
): PartTarget {
  return {
    name: "handshake",
    input: "stream that begins in any way, with a request to insert in it, given in pieces",
    share: 2,
    make: stream,
    async check(input, random) {
      const sizes = Array.from({ length: 1 + random.below(4) }, () => 1 + random.below(60));
      const { replies, size } = await served(input, oneIn(random, 3) ? [] : sizes, connectionOf);
      const first = firstReply(input, MAX_LINE_BYTES);
      if (first === "RequestError" || first === "TooLarge") {
        if (size > 0) return "there are keys in the table";
        const [reply, ...more] = replies;
        if (more.length > 0) return `${replies.length} replies came`;
        const start = `{"status":"ERROR","type":"${first}","message":"Cannot `;
        return reply?.startsWith(start) ? undefined : `the reply is ${reply}, not ${first}`;
      }
      const { length } = linesOf(input, MAX_LINE_BYTES);
      return replies.length === length ? undefined : `${replies.length} replies to ${length} lines`;
    },
  };
}

function stream(random: Random): Uint8Array {
  const begin = oneIn(random, 4)
    ? requestBytes(random)
    : oneIn(random, 4)
    ? anyBytes(random, 30)
    : pick(random, BEGINNINGS);
  const parts = [begin, INSERT, oneIn(random, 3) ? requestBytes(random) : INSERT];
  const all = joined(oneIn(random, 8) ? [utf8(" ".repeat(MAX_LINE_BYTES)), ...parts] : parts);
  return oneIn(random, 3) ? mutate(all, random) : all;
}

/** Runs one connection to its end. */
async function served(
  input: Uint8Array,
  sizes: readonly number[],
  connectionOf: (options: ConnectionOptions) => Pick<Connection, "run">,
): Promise<{ replies: string[]; size: number }> {
  const context = contextWith({});
  const commits = new GroupCommit(memoryStorage(), context.table);
  const executor = new Executor({ context, commits, maxReplyBytes: 1e6, log: silentLog });
  const queue = new CommandQueue(executor.execute, commits, neverYields);
  const connection = new FakeSocket();
  connection.send(...sizes.length > 0 ? cut(input, sizes) : input.length > 0 ? [input] : [], null);
  await connectionOf({
    client: newClient(1),
    socket: connection,
    attach: (source) => queue.attach(source),
    limits: LIMITS,
    buffers: new BufferBudget(1e9),
    clock: { nowMs: 0 },
    yielder: neverYields,
    log: silentLog,
  }).run();
  return { replies: connection.written.split("\n").slice(0, -1), size: context.table.size };
}
