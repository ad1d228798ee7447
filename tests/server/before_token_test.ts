/** Proves that a client can do nothing before it has sent the token. */
import assert from "assert";
import { METHODS } from "../../lib/protocol/requests.ts";
import { testsOf } from "../helpers/pure.ts";
import { server } from "./connection_server.ts";

const test = testsOf("before the token");

const TOKEN = "secret-8";
const HELLO = '{"method":"hello","token":"secret-8"}';
const MEMBERS = ',"key":"k","value":1,"regex":"","subkey":"a","subvalue":1}';

test("every other method is an AuthError and does nothing", async () => {
  const lines = METHODS.filter((method) => method !== "hello").map((method) =>
    `{"method":"${method}"${MEMBERS}`
  );
  const { types, size } = await replies([...lines, '{"method":"hello"}', ...lines]);
  assert.deepEqual(types, new Array<string>(2 * lines.length + 1).fill("AuthError"));
  assert.equal(size, 0);
});

test("a request with bad members or without a method is an AuthError, too", async () => {
  const lines = ['"insert"', '"scan","regex":1', '"nonsense"'].map((one) => `{"method":${one}}`);
  const { types } = await replies([
    ...lines,
    '{"method":"hello","token":1}',
    ...["{", "[]", "{}"],
  ]);
  assert.deepEqual(types, [
    ...lines.map(() => "AuthError"),
    "ValueError",
    ...["RequestError", "RequestError", "RequestError"],
  ]);
});

test("the token opens all methods, also in the same write, and with the smallest requests", async () => {
  for (const maxRequestBytes of [4_000, 1_000_000]) {
    const insert = `{"method":"insert"${MEMBERS}`;
    const { types, size } = await replies([insert, HELLO, insert], maxRequestBytes);
    assert.deepEqual(types, ["AuthError", undefined, undefined]);
    assert.equal(size, 1);
  }
});

test("the reserved connection needs the token, too", async () => {
  const busy = { type: "Busy", message: "full", closes: true } as const;
  const { connect } = server({ token: TOKEN });
  const { socket, ended } = connect(undefined, { busy });
  socket.send('{"method":"info"}\n', `${HELLO}\n`, '{"method":"info"}\n', null);
  await ended;
  assert.deepEqual(typesOf(socket.written), ["AuthError", undefined, undefined]);
});

/** Sends lines in one write. @returns the type of each reply, undefined for OK, and the keys in the table */
async function replies(lines: readonly string[], maxRequestBytes = 1_000_000) {
  const { connect, context } = server({ token: TOKEN, limits: { maxRequestBytes } });
  const { socket, ended } = connect();
  socket.send(`${lines.join("\n")}\n`, null);
  await ended;
  return { types: typesOf(socket.written), size: context.table.size };
}

function typesOf(written: string): unknown[] {
  return written.split("\n").slice(0, -1).map((line) => JSON.parse(line).type);
}
