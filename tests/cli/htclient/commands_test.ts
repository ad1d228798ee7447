/** Proves the output of each command, and that a wrong command is an error before any request. */
import assert from "assert";
import fc from "fast-check";
import { UsageError } from "../../../lib/base/errors.ts";
import {
  checkCommand,
  CLIENT_COMMANDS,
  COMMAND_HELP,
  runClientCommand,
} from "../../../lib/cli/htclient/commands.ts";
import { fakeClient } from "../../perf/fake_client.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("commands");

function newRunner(distort?: (result: string) => string) {
  const { client, requests } = fakeClient(distort);
  const run = async (...words: string[]) => {
    const lines: string[] = [];
    await runClientCommand(client, words, (line) => void lines.push(line));
    return lines;
  };
  return { run, requests };
}

test("each prints its result as JSON, one pair per line", async () => {
  const { run } = newRunner();
  assert.deepEqual(await run("insert", "zebra", '{ "weight": 1.0 }'), ["null"]);
  assert.deepEqual(await run("insert", 'a"b', "[1]"), ["null"]);
  assert.deepEqual(await run("lookup", "zebra"), ['{ "weight": 1.0 }']);
  assert.deepEqual(await run("scan", "^z"), ['["zebra",{ "weight": 1.0 }]']);
  assert.deepEqual((await run("scan", "")).length, 2);
  assert.deepEqual(await run("query", "weight", "1"), ['["zebra",{ "weight": 1.0 }]']);
  assert.deepEqual(await run("size"), ["2"]);
  assert.deepEqual(await run("ping"), ['"pong"']);
  assert.equal(JSON.parse((await run("info")).join("")).project, "me-a4-test");
  const pairs = ['["a\\"b",[1]]', '["zebra",{ "weight": 1.0 }]'];
  assert.deepEqual((await run("export")).toSorted(), pairs);
  assert.deepEqual(await run("remove", "zebra"), ['{ "weight": 1.0 }']);
  await assert.rejects(run("lookup", "zebra"), { code: "KeyError" });
});

test("SUBVALUE is JSON if it can be parsed, otherwise a string", async () => {
  const { run, requests } = newRunner();
  const cases = [
    ...[["fred", '"fred"'], ['"fred"', '"fred"'], ["17", "17"], ["true", "true"], ["null", "null"]],
    ...[["two words", '"two words"'], ["17 apples", '"17 apples"'], ['"open', '"\\"open"']],
    ["", '""'],
  ];
  for (const [typed = ""] of cases) await run("query", "a", typed);
  const sent = requests.map((request) => "subvalue" in request ? request.subvalue : "");
  assert.deepEqual(sent, cases.map(([, text]) => text));
  for (const typed of ["[1]", "{}"]) {
    await assert.rejects(run("query", "a", typed), { code: "ValueError" });
  }
});

test("a number in a query keeps its digits", async () => {
  const { run } = newRunner();
  await run("insert", "k", '{"big":12345678901234567890}');
  assert.equal((await run("query", "big", "12345678901234567890")).length, 1);
  assert.equal((await run("query", "big", "12345678901234567891")).length, 0);
});

test("a value that is not JSON is a usage error with a hint", async () => {
  const message = /must be JSON.*a string is written '"text"'/;
  const expected = { name: "UsageError", message };
  await assert.rejects(newRunner().run("insert", "k", "fred"), expected);
});

test("an unknown command, or one with other arguments, is a usage error", async () => {
  for (const name of ["explode", "", "__proto__", "toString", "INSERT"]) {
    for (const known of Object.keys(CLIENT_COMMANDS)) {
      const expected = { name: "UsageError", message: new RegExp(`\\b${known}\\b`) };
      assert.throws(() => checkCommand([name]), expected);
    }
  }
  const wrong = ["insert", "insert k", "insert k 1 2", "lookup", "lookup a b", "size 1", "scan"];
  for (const words of [...wrong, "query a", "import", "export f"].map((one) => one.split(" "))) {
    assert.throws(() => checkCommand(words), UsageError, words.join(" "));
    await assert.rejects(newRunner().run(...words), UsageError);
  }
  assert.throws(() => checkCommand(["insert", "k"]), /insert takes KEY JSON, not 1 argument$/);
  assert.throws(() => checkCommand(["size", "1"]), /size takes no arguments, not 1 argument$/);
});

test("help has a line for each command with its arguments", () => {
  const entries = Object.entries(CLIENT_COMMANDS);
  assert.equal(COMMAND_HELP.length, entries.length);
  entries.forEach(([name, { args, help }], at) => {
    const line = COMMAND_HELP[at] ?? "";
    assert.ok(line.startsWith([name, ...args].join(" ")) && line.endsWith(help));
  });
});

test("any words are a command or a usage error", () => {
  fc.assert(fc.property(fc.array(fc.string(), { maxLength: 4 }), (words) => {
    try {
      checkCommand(words);
    } catch (error) {
      assert.ok(error instanceof UsageError);
    }
  }));
});
