import assert from "assert";
import { connectByDeno } from "../../lib/client/deno_socket.ts";
import { NodeConnection } from "../../lib/store/node_connection.ts";
import type { LinkCommand } from "../../lib/store/node_link.ts";
import { openNode } from "../../lib/store/open_node.ts";
import { addCommand, addTextWord } from "../../lib/store/resp_writer.ts";
import { SCRIPTS } from "../../lib/store/scripts.ts";
import { REDIS, startRedis } from "../helpers/redis_cluster.ts";
import { testWith } from "../helpers/needs.ts";
import { FakeNode } from "./fake_node.ts";

const NO_LOGIN = { user: undefined, password: undefined, tls: undefined } as const;

/** A command that records its calls. */
function recorded(calls: string[], ...words: string[]): LinkCommand {
  return {
    encode(out) {
      addCommand(out, words.length);
      for (const word of words) addTextWord(out, word);
    },
    begin() {},
    onInteger: (value) => calls.push(`${words[1]} ${value}`),
    takesString: () => true,
    onString: (_, start, end) => calls.push(`${words[1]} of ${end - start}`),
    onNil: () => calls.push(`${words[1]} nil`),
    onArray() {},
    onError: (code) => calls.push(`${words[1]} ${code}`),
    onEnd: () => calls.push("end"),
  };
}

Deno.test("node connection: commands of a flush leave together, in order, and replies come in order", async () => {
  await using node = new FakeNode(([name, key]) => name === "GET" ? `:${key}\r\n` : undefined);
  const link = await openNode(node.address, NO_LOGIN);
  const calls: string[] = [];
  for (const key of ["1", "2"]) link.send(recorded(calls, "GET", key));
  assert.ok(link.unsentBytes > 0);
  const last = link.ask("GET", "3");
  link.send(recorded(calls, "GET", "4"));
  link.flush();
  assert.equal(await last, 3);
  assert.equal(await link.ask("GET", "5"), 5);
  assert.deepEqual(calls, ["1 1", "end", "2 2", "end", "4 4", "end"]);
  assert.equal(link.unsentBytes, 0);
  assert.deepEqual(node.commands.map(([, key]) => key), ["1", "2", "3", "4", "5"]);
  link.close();
  await link.closed;
});

Deno.test("node connection: a close in the middle of a reply gives no call, and rejects questions", async () => {
  await using node = new FakeNode(async ([name], peer) => {
    if (name !== "GET") return undefined;
    await peer.send(":1\r\n$5\r\nab");
    peer.hangUp();
  });
  const link = await openNode(node.address, NO_LOGIN);
  const calls: string[] = [];
  link.send(recorded(calls, "GET", "a"));
  link.send(recorded(calls, "GET", "b"));
  await assert.rejects(link.ask("PING"), /closed the connection|broke/);
  assert.match(await link.closed, /closed the connection|broke/);
  assert.deepEqual(calls, ["a 1", "end"]);
  link.send(recorded(calls, "GET", "c"));
  link.flush();
  await assert.rejects(link.ask("PING"), /closed the connection|broke/);
  assert.deepEqual(calls, ["a 1", "end"], "an ended connection sends nothing");
});

Deno.test("node connection: (I9) wrong bytes, or a reply too many, end it with the reason", async () => {
  const cases = [
    ["HTTP/1.1 400\r\n", /not RESP2/],
    ["$99999999\r\n", /more than/],
    ["+PONG\r\n+PONG\r\n", /without a command/],
  ] as const;
  for (const [reply, reason] of cases) {
    await using node = new FakeNode(([name]) => name === "HELLO" ? undefined : reply);
    const link = await openNode(node.address, NO_LOGIN);
    link.ask("PING").catch(() => {});
    assert.match(await link.closed, reason);
  }
});

Deno.test("node connection: a command that throws in a reply ends it, and nothing else", async () => {
  await using node = new FakeNode(([name]) => name === "GET" ? ":1\r\n" : undefined);
  const link = await openNode(node.address, NO_LOGIN);
  const broken = {
    ...recorded([], "GET", "a"),
    onInteger() {
      throw new Error("a bug");
    },
  };
  link.send(broken);
  link.flush();
  assert.match(await link.closed, /a bug/);
});

Deno.test("node connection: after close, the replies of the same read give no call", async () => {
  await using node = new FakeNode(([, key]) => {
    if (key === "a") return "";
    return key === "b" ? ":1\r\n:2\r\n" : undefined;
  });
  const link = await openNode(node.address, NO_LOGIN);
  const calls: string[] = [];
  link.send({ ...recorded(calls, "GET", "a"), onInteger: () => link.close() });
  link.send(recorded(calls, "GET", "b"));
  link.flush();
  assert.match(await link.closed, /this server closed/);
  assert.deepEqual(calls, []);
});

Deno.test("node connection: a command whose encoding fails leaves no bytes of it", async () => {
  await using node = new FakeNode(([name]) => name === "PING" ? "+PONG\r\n" : undefined);
  const link = await openNode(node.address, NO_LOGIN);
  const broken: LinkCommand = {
    ...recorded([], "GET", "a"),
    encode(out) {
      addCommand(out, 2);
      throw new Error("a bug");
    },
  };
  assert.throws(() => link.send(broken), /a bug/);
  assert.equal(link.unsentBytes, 0);
  assert.equal(await link.ask("PING"), "PONG");
  link.close();
  await link.closed;
});

Deno.test("node connection: the reader goes on while a write waits for the node", async () => {
  const resume = Promise.withResolvers<void>();
  await using node = new FakeNode(async ([name, key], peer) => {
    if (name === "HELLO") return undefined;
    if (key !== "first") return ":2\r\n";
    await peer.send(":1\r\n");
    await resume.promise; // It reads nothing meanwhile.
    return "";
  });
  const link = await openNode(node.address, NO_LOGIN);
  const calls: string[] = [];
  const first = Promise.withResolvers<void>();
  link.send({ ...recorded(calls, "GET", "first"), onEnd: () => first.resolve() });
  const large = "x".repeat(10_000_000);
  const second = Promise.withResolvers<void>();
  link.send({ ...recorded(calls, "SET", large), onInteger() {}, onEnd: () => second.resolve() });
  link.flush();
  await first.promise;
  assert.ok(link.unsentBytes > 0, "the write is not over");
  link.send(recorded(calls, "GET", "third"));
  link.flush();
  resume.resolve();
  await second.promise;
  assert.equal(await link.ask("GET", "fourth"), 2);
  assert.equal(link.unsentBytes, 0);
  link.close();
  await link.closed;
});

Deno.test("node connection: it names the commands of which the system got no byte", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const accepting = listener.accept();
  const address = { hostname: "127.0.0.1", port };
  const socket = await connectByDeno(address, new AbortController().signal);
  const peer = await accepting;
  const link = new NodeConnection(address, socket);
  const calls: string[] = [];
  const send = (...words: string[]) => {
    const onUnsent = () => void calls.push(`unsent ${words[1]}`);
    link.send({ ...recorded(calls, ...words), onUnsent });
  };
  send("SET", "a", "x".repeat(20_000_000));
  send("GET", "b");
  link.flush();
  // The peer takes nothing, so these wait for the end of that write.
  send("GET", "c");
  link.flush();
  send("GET", "d");
  peer.close();
  await link.closed;
  assert.deepEqual(calls, ["unsent c", "unsent d"]);
  send("GET", "e");
  assert.deepEqual(calls, ["unsent c", "unsent d", "unsent e"]);
});

Deno.test("node connection: close works during a write that the node does not take", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const accepting = listener.accept();
  const address = { hostname: "127.0.0.1", port };
  const socket = await connectByDeno(address, new AbortController().signal);
  using _peer = await accepting;
  const link = new NodeConnection(address, socket);
  link.send(recorded([], "SET", "x".repeat(20_000_000)));
  link.flush();
  link.close();
  assert.match(await link.closed, /this server closed/);
  assert.equal(link.unsentBytes, 0);
});

testWith(
  REDIS,
  "node connection: a real node, its scripts, and the end of another connection",
  async () => {
    await using node = await startRedis();
    const options = { scripts: SCRIPTS };
    const old = await openNode(node.address, NO_LOGIN, options);
    const link = await openNode(node.address, NO_LOGIN, options);
    assert.equal(link.clientId, await link.ask("CLIENT", "ID"));
    assert.equal(await link.ask("CLIENT", "GETNAME"), "htserver");
    const [remove, getSome] = SCRIPTS;
    await link.ask("HSET", "h", "a", "1", "b", "22", "c", "");
    const run = (sha: string | undefined, ...words: string[]) =>
      link.ask("EVALSHA", sha ?? "", "1", "h", ...words);
    assert.deepEqual(await run(getSome?.sha, "100", "a", "x", "c"), ["1", null, ""]);
    assert.deepEqual(await run(getSome?.sha, "2", "a", "b", "c"), ["1"]);
    assert.equal(await run(remove?.sha, "b", "1"), 2, "too long");
    assert.equal(await run(remove?.sha, "b", "2"), "22");
    assert.equal(await run(remove?.sha, "b", "2"), null);
    assert.equal(await link.ask("CLIENT", "KILL", "ID", `${old.clientId}`), 1);
    assert.match(await old.closed, /closed|broke/);
    await assert.rejects(link.ask("HGET", "h"), { name: "NodeError", code: "ERR" });
    link.close();
    await link.closed;
  },
);
