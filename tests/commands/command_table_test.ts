/** Proves the effect of each method, and that a failed one changes nothing. */
import assert from "assert";
import fc from "fast-check";
import { textOf } from "../../lib/bytes/span.ts";
import type { Failure } from "../../lib/protocol/message.ts";
import type { Method } from "../../lib/protocol/requests.ts";
import type { Client, ClosingFailure } from "../../lib/commands/client_state.ts";
import {
  type Command,
  type CommandContext,
  COMMANDS,
  keyTextIn,
} from "../../lib/commands/command_table.ts";
import { tokenMissing } from "../../lib/commands/failures.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { contextWith, newClient } from "../engine/command_context.ts";
import {
  insert,
  lookup,
  query,
  remove,
  requestOf,
  scan,
  SIZE,
  type TextRequest,
} from "../engine/requests.ts";
import { textOfChunks } from "../helpers/streams.ts";
import { insertText, lookupText } from "../helpers/table_texts.ts";
import { testsOf } from "../helpers/pure.ts";

const ROOM = 1e9;

/** The outcome of a command: its result as text, or its failure. */
type Outcome = { readonly result: string; readonly cursor?: string } | Failure | ClosingFailure;

const test = testsOf("commands");

function run(
  context: CommandContext,
  asked: TextRequest,
  { client = newClient(), room = ROOM }: { client?: Client; room?: number } = {},
): Outcome {
  const request = requestOf(asked);
  const key = keyTextIn(request);
  const hash = key === undefined ? 0 : context.table.hashOf(key.bytes, key.start, key.end);
  const address = key === undefined ? 0 : context.table.find(hash, key.bytes, key.start, key.end);
  const results: Outcome[] = [];
  const command = COMMANDS[asked.method] as Command<Method>;
  const failure = command.run(context, client, request, { hash, address }, {
    room,
    succeed(result, cursor) {
      const text = "bytes" in result ? textOf(result) : textOfChunks(result);
      const bytes = "bytes" in result ? result.end - result.start : result.length;
      assert.ok(bytes <= room, "there is room for it");
      results.push(cursor === undefined ? { result: text } : { result: text, cursor });
    },
  });
  if (failure === undefined) assert.equal(results.length, 1, "one result");
  // An insert replies before the change; its failure replaces that reply.
  else if (request.method !== "insert") assert.equal(results.length, 0, "a failure has no result");
  return failure ?? results[0] ?? assert.fail();
}

function assertFails(outcome: Outcome, type: string, ...words: string[]): void {
  assert.ok("type" in outcome, "it succeeded");
  assert.equal(outcome.type, type);
  for (const word of words) assert.ok(outcome.message.includes(word), outcome.message);
  assert.equal("closes" in outcome, false);
}

function hello(members: { project?: string | undefined; token?: string } = {}): TextRequest {
  return { method: "hello", project: undefined, token: undefined, agent: undefined, ...members };
}

test("insert, lookup, replace, remove and size", () => {
  const context = contextWith();
  assert.deepEqual(run(context, insert("k", "{ }")), { result: "null" });
  assert.deepEqual(run(context, lookup("k")), { result: "{ }" });
  assert.deepEqual(run(context, SIZE), { result: "1" });
  assert.deepEqual(run(context, insert("k", "null")), { result: "null" });
  assert.deepEqual(run(context, SIZE), { result: "1" });
  assert.deepEqual(run(context, remove("k")), { result: "null" });
  assert.deepEqual(run(context, SIZE), { result: "0" });
});

test("a missing key is a KeyError that names it", () => {
  const context = contextWith();
  assertFails(run(context, lookup("never")), "KeyError", '"never"');
  assertFails(run(context, remove("never")), "KeyError", '"never"');
  run(context, insert("k", "1"));
  run(context, remove("k"));
  assertFails(run(context, remove("k")), "KeyError");
  assertFails(run(context, lookup("x".repeat(1_000_000))), "KeyError", "xxx...");
});

test("a message shows the characters of a key, not its canonical text", () => {
  const context = contextWith();
  for (const key of ['say "hi"', "back\\slash", "\u00e9\u4e2d", "tab\t", "\ud800"]) {
    const quoted = JSON.stringify(key);
    assertFails(run(context, lookup(key)), "KeyError", quoted);
    assertFails(run(context, remove(key)), "KeyError", quoted);
    const full = contextWith({ maxTableBytes: 0 });
    assertFails(run(full, insert(key, "1")), "TableFull", quoted);
  }
});

test("false, null, zero and empty values are values", () => {
  const context = contextWith();
  for (const value of ["false", "null", "0", '""', "[]", "{}"]) {
    run(context, insert("", value));
    assert.deepEqual(run(context, lookup("")), { result: value });
    assert.deepEqual(run(context, remove("")), { result: value });
  }
});

test("ping, info and hello succeed", () => {
  const context = contextWith();
  assert.deepEqual(run(context, { method: "ping" }), { result: '"pong"' });
  assert.deepEqual(run(context, { method: "info" }), { result: context.info("info") });
  for (const request of [hello(), hello({ project: "me-a4-test" })]) {
    assert.deepEqual(run(context, request), { result: context.info("info") });
  }
});

test("scan and query search", () => {
  const context = contextWith();
  run(context, insert("k", '{"a":1}'));
  for (const request of [scan("k"), query("a", "1.0")]) {
    assert.deepEqual(run(context, request), { result: '[["k",{"a":1}]]' });
  }
});

test("a hello with the right token and project authenticates; one for another server does not", () => {
  const context = contextWith({ isToken: (token) => token === "secret-8" });
  const unauthenticated = newClient(1, false);
  const elsewhere = hello({ project: "other-project", token: "secret-8" });
  const wrongServer = run(context, elsewhere, { client: unauthenticated });
  assertFails(wrongServer, "WrongServer", "me-a4-test", "other-project");
  assert.equal(unauthenticated.isAuthenticated, false);
  for (const project of [undefined, "me-a4-test"]) {
    const client = newClient(1, false);
    run(context, hello({ project, token: "secret-8" }), { client });
    assert.equal(client.isAuthenticated, true);
    assert.ok("result" in run(context, hello(), { client }));
  }
});

test("no token is an AuthError, a wrong one an AuthError that closes", () => {
  const context = contextWith({ isToken: (token) => token === "secret-8" });
  const client = newClient(1, false);
  const project = "other-project";
  assertFails(run(context, hello({ project }), { client }), "AuthError", "token");
  const wrong = run(context, hello({ project, token: "secret-9" }), { client });
  assert.ok("closes" in wrong && wrong.closes === true);
  assert.equal(wrong.type, "AuthError");
  assert.doesNotMatch(wrong.message, /secret/);
  assert.equal(client.isAuthenticated, false);
  assertFails(tokenMissing("lookup"), "AuthError", "lookup", "hello");
});

test("a remove is TooLarge if its value has no room, in UTF-8 bytes, and keeps the value", () => {
  for (const [value, bytes] of [['"abc"', 5], ['"\u00e9\u4e2d\u{1f600}"', 11]] as const) {
    const context = contextWith();
    run(context, insert("k", value));
    assertFails(run(context, remove("k"), { room: bytes - 1 }), "TooLarge", '"k"', String(bytes));
    assert.equal(lookupText(context.table, "k"), value, "nothing changed");
    assert.deepEqual(run(context, remove("k"), { room: bytes }), { result: value });
    assert.equal(context.table.size, 0);
  }
});

test("an insert that would pass the memory limit is TableFull, and other requests still succeed", () => {
  const table = new HashTable();
  insertText(table, "a", "1");
  const cost = table.bytes;
  const longer = "1".repeat(100);
  const context = contextWith({ table, maxTableBytes: 2 * cost });
  assert.deepEqual(run(context, insert("b", "1")), { result: "null" }, "exactly full");
  assertFails(run(context, insert("c", "1")), "TableFull", '"c"', String(2 * cost), "--max-memory");
  assertFails(run(context, insert("b", longer)), "TableFull", '"b"');
  assert.deepEqual(run(context, lookup("b")), { result: "1" }, "nothing changed");
  assert.deepEqual(run(context, insert("b", "2")), { result: "null" }, "as large as before");
  assert.deepEqual(run(context, lookup("a")), { result: "1" });
  assert.deepEqual(run(context, remove("a")), { result: "1" });
  assert.deepEqual(run(context, insert("c", "1")), { result: "null" }, "there is room again");
});

test("over the limit, a smaller value may still replace a larger one", () => {
  const table = new HashTable();
  insertText(table, "k", "1".repeat(1_000));
  const context = contextWith({ table, maxTableBytes: 100 });
  assertFails(run(context, insert("k", "2".repeat(1_500))), "TableFull");
  assert.equal(lookupText(table, "k"), "1".repeat(1_000));
  assert.deepEqual(run(context, insert("k", "3".repeat(999))), { result: "null" });
  assert.equal(lookupText(table, "k"), "3".repeat(999));
});

test("an insert without memory of the system is TableFull; a bug is thrown", () => {
  const table = new HashTable();
  const context = contextWith({ table });
  table.set = () => {
    throw new RangeError("there is no memory for it");
  };
  assertFails(run(context, insert("k", "1")), "TableFull", '"k"', "there is no memory for it");
  assert.equal(table.size, 0);
  table.set = () => {
    throw new TypeError("a bug");
  };
  assert.throws(() => run(context, insert("k", "1")), /a bug/);
});

test("any changes keep the table within the memory limit", () => {
  const operation = fc.tuple(fc.boolean(), fc.string({ maxLength: 2 }), fc.nat(300));
  fc.assert(
    fc.property(fc.array(operation), fc.integer({ min: 0, max: 2_000 }), (operations, most) => {
      const context = contextWith({ maxTableBytes: most });
      for (const [isInsert, key, size] of operations) {
        const before = lookupText(context.table, key);
        const outcome = isInsert
          ? run(context, insert(key, "9".repeat(size + 1)))
          : run(context, remove(key));
        assert.ok(context.table.bytes <= most);
        if (!("type" in outcome)) continue;
        assert.equal(lookupText(context.table, key), before, "nothing changed");
      }
    }),
  );
});
