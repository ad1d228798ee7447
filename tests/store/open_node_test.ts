import assert from "assert";
import { NodeConnectError } from "../../lib/store/store_socket.ts";
import { openNode } from "../../lib/store/open_node.ts";
import { SCRIPTS } from "../../lib/store/scripts.ts";
import { Certificates, OPENSSL } from "../helpers/certificates.ts";
import { testWith } from "../helpers/needs.ts";
import { REDIS, startRedis } from "../helpers/redis_cluster.ts";
import { RawServer } from "./raw_server.ts";
import { FakeNode, helloReply } from "./fake_node.ts";

const NO_LOGIN = { user: undefined, password: undefined, tls: undefined } as const;

/** Asserts that an attempt fails with this kind and message. */
async function assertRefused(
  attempt: ReturnType<typeof openNode>,
  kind: NodeConnectError["kind"],
  message: RegExp,
): Promise<void> {
  const error = await attempt.then(() => undefined, (error) => error);
  assert.ok(error instanceof NodeConnectError, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, message);
}

Deno.test("open node: the handshake is one round trip, and its reply may come in any pieces", async () => {
  const shas = SCRIPTS.map(({ sha }) => sha);
  let scripts = 0;
  const reply = helloReply(77) + shas.map((sha) => `$40\r\n${sha}\r\n`).join("");
  await using node = new FakeNode(async ([name], peer) => {
    // All commands come before the first reply.
    if (name === "SCRIPT") scripts++;
    if (scripts < shas.length) return "";
    for (const byte of reply) await peer.send(byte);
    return "";
  });
  const link = await openNode(node.address, NO_LOGIN, { scripts: SCRIPTS });
  assert.equal(link.clientId, 77);
  assert.deepEqual(node.commands, SCRIPTS.map(({ text }) => ["SCRIPT", "LOAD", text]));
  link.close();
  await link.closed;
});

Deno.test("open node: it authenticates with user and password in HELLO", async () => {
  let hello: readonly string[] = [];
  await using node = new FakeNode((words) => {
    hello = words;
    return undefined;
  });
  for (const user of [undefined, "table"]) {
    const link = await openNode(node.address, { ...NO_LOGIN, user, password: "p\u00e9 s" });
    const login = [user ?? "default", "p\u00e9 s"];
    assert.deepEqual(hello, ["HELLO", "2", "AUTH", ...login, "SETNAME", "htserver"]);
    link.close();
    await link.closed;
  }
});

Deno.test("open node: nothing listens, nothing answers, and other servers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const address = { hostname: "127.0.0.1", port };
  await assertRefused(
    openNode(address, NO_LOGIN),
    "unreachable",
    /^cannot connect to 127.0.0.1:\d+: /,
  );
  {
    await using silent = new FakeNode(() => "");
    const attempt = openNode(silent.address, NO_LOGIN, { timeoutMs: 50 });
    await assertRefused(attempt, "unreachable", /does not answer/);
    const ending = new AbortController();
    const aborted = openNode(silent.address, NO_LOGIN, { signal: ending.signal });
    ending.abort();
    await assertRefused(aborted, "unreachable", /does not answer/);
  }
  const replies: readonly [string, NodeConnectError["kind"], RegExp][] = [
    ["HTTP/1.1 400 Bad Request\r\n\r\n", "not a node", /did not answer as Redis or Valkey/],
    ["*0\r\n", "not a node", /HELLO has no id/],
    ["+OK\r\n", "not a node", /HELLO has no id/],
    ["\x15\x03\x01\x00\x02\x02\x28", "tls", /requires TLS/],
    ["-LOADING Redis is loading\r\n", "refused", /LOADING Redis is loading/],
    ["-ERR max number of clients reached\r\n", "refused", /max number of clients/],
    ["-NOAUTH HELLO must be called\r\n", "credentials", /requires a password/],
  ];
  for (const [reply, kind, message] of replies) {
    await using node = new FakeNode(() => reply);
    await assertRefused(openNode(node.address, NO_LOGIN), kind, message);
  }
  {
    await using node = new FakeNode((_, peer) => {
      peer.hangUp();
      return "";
    });
    await assertRefused(openNode(node.address, NO_LOGIN), "not a node", /did not answer as Redis/);
  }
  {
    await using node = new FakeNode(([name]) => name === "HELLO" ? undefined : "$2\r\nab\r\n");
    const attempt = openNode(node.address, NO_LOGIN, { scripts: SCRIPTS });
    await assertRefused(attempt, "not a node", /another digest/);
  }
});

Deno.test("open node: the password is in no message, although nodes quote commands", async () => {
  const password = "secret-1234";
  const access = { ...NO_LOGIN, password };
  for (const code of ["ERR", "WRONGPASS", "NOAUTH", "ODD"]) {
    for (const why of ["unknown command `HELLO`, with args beginning with: ", "no: "]) {
      await using node = new FakeNode((words) => `-${code} ${why}${words.join(" ")}\r\n`);
      const error = await openNode(node.address, access).then(() => undefined, (error) => error);
      assert.ok(error instanceof NodeConnectError);
      assert.ok(!error.message.includes(password), error.message);
    }
  }
});

testWith(REDIS, "open node: users and passwords of a real node", async () => {
  const acl = [
    "user limited on >limited-pass ~* +@all -script",
    "user open on nopass ~* +@all",
  ];
  await using node = await startRedis({ password: "right", config: acl });
  const open = (user: string | undefined, password: string | undefined) =>
    openNode(node.address, { user, password, tls: undefined }, { scripts: SCRIPTS });
  await assertRefused(open(undefined, undefined), "credentials", /requires a password/);
  await assertRefused(open(undefined, "wrong"), "credentials", /rejects the password/);
  await assertRefused(open("unknown", "right"), "credentials", /rejects user "unknown"/);
  await assertRefused(open("limited", "limited-pass"), "permission", /script/);
  for (const [user, password] of [[undefined, "right"], ["open", undefined]] as const) {
    const link = await open(user, password);
    assert.equal(await link.ask("ACL", "WHOAMI"), user ?? "default");
    link.close();
    await link.closed;
  }
});

testWith([...REDIS, ...OPENSSL], "open node: TLS of a real node", async () => {
  await using certificates = await Certificates.inFolder();
  const authority = await certificates.selfSigned(["DNS:authority"], true);
  const other = await certificates.selfSigned(["DNS:other"], true);
  const own = await certificates.signedBy(authority, ["IP:127.0.0.1", "DNS:localhost"]);
  const tls = {
    certFile: own.certFile,
    keyFile: own.keyFile,
    caFile: authority.certFile,
    caCert: authority.cert,
  };
  await using node = await startRedis({ tls });
  const { port } = node;
  const open = (ca: string | undefined, hostname = "127.0.0.1") =>
    openNode({ hostname, port }, { ...NO_LOGIN, tls: { ca } }, { scripts: SCRIPTS });
  for (const hostname of ["127.0.0.1", "localhost"]) {
    const link = await open(authority.cert, hostname);
    assert.equal(await link.ask("PING"), "PONG");
    link.close();
    await link.closed;
  }
  await assertRefused(open(other.cert), "tls", /--store-ca does not trust/);
  await assertRefused(open(undefined), "tls", /no public authority/);
  await assertRefused(open(authority.cert, "127.0.0.2"), "unreachable", /cannot connect/);
  await assertRefused(openNode(node.address, NO_LOGIN), "not a node", /TLS/);
  await using plain = await startRedis();
  // It waits for the rest of a command.
  const access = { ...NO_LOGIN, tls: { ca: authority.cert } };
  const attempt = openNode(plain.address, access, { timeoutMs: 200 });
  await assertRefused(attempt, "unreachable", /does it use TLS/);
  await using http = new RawServer("HTTP/1.1 400 Bad Request\r\n\r\n");
  await assertRefused(openNode(http.address, access), "tls", /does not use TLS/);
});
