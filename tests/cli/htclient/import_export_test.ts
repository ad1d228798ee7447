/** Proves that an export can be imported again, and the errors for other files. */
import assert from "assert";
import { DifferentTableError } from "../../../lib/client/errors.ts";
import { exportTable, importTable } from "../../../lib/cli/htclient/import_export.ts";
import { fakeClient } from "../../perf/fake_client.ts";

async function withFile(text: string | Uint8Array, use: (file: string) => Promise<void>) {
  const file = await Deno.makeTempFile();
  const { error } = console;
  console.error = () => {}; // the number of pairs
  try {
    await (typeof text === "string" ? Deno.writeTextFile(file, text) : Deno.writeFile(file, text));
    await use(file);
  } finally {
    console.error = error;
    await Deno.remove(file);
  }
}

async function exported(client: ReturnType<typeof fakeClient>["client"]): Promise<string[]> {
  const lines: string[] = [];
  await exportTable(client, (line) => void lines.push(line));
  return lines.sort();
}

Deno.test("import_export: an import of an export restores values byte for byte", async () => {
  const first = fakeClient().client, second = fakeClient().client;
  const values = ["1.0", '{ "a" : [1, 2] }', '"\\u0061"', "12345678901234567890", "null"];
  for (const [at, value] of values.entries()) await first.insertText(`k${at}\n"\ud800`, value);
  for (let i = 0; i < 1_000; i++) await first.insertText(`key ${i}`, String(i));
  const lines = await exported(first);
  assert.equal(lines.length, 1_005);
  await withFile(lines.join("\n"), (file) => importTable(second, file));
  assert.deepEqual(await exported(second), lines);
});

Deno.test("import_export: white space, CR LF and empty lines are ignored", async () => {
  const { client } = fakeClient();
  await withFile(' [ "a" , 1 ] \r\n\n["b",[2]]', (file) => importTable(client, file));
  assert.deepEqual(await exported(client), ['["a",1]', '["b",[2]]']);
});

Deno.test("fault: import: a byte order mark at the beginning is skipped", async () => {
  const mark = "\ufeff";
  for (const text of [`${mark}["a",1]\n`, `${mark}\n["a",1]\n`, `${mark}  ["a",1]`]) {
    const { client } = fakeClient();
    await withFile(text, (file) => importTable(client, file));
    assert.deepEqual(await exported(client), ['["a",1]']);
  }
  const { client } = fakeClient();
  const inside = `["a","${mark}"]\n${mark}["b",1]\n`;
  await withFile(inside, (file) => assert.rejects(importTable(client, file), /line 2/));
  assert.deepEqual(await exported(client), [`["a","${mark}"]`]);
});

Deno.test("fault: import: an error has the number of pairs that were inserted", async () => {
  const pairs = Array.from({ length: 700 }, (_, at) => `["k${at}",${at}]\n`).join("");
  const cases = [
    ["oops\n", /line 1 .*; nothing of it is in the table$/],
    ['["a",1]\noops\n', /line 2 .*; 1 pair of it is in the table$/],
    [`${pairs}oops\n`, /line 701 .*; 700 pairs of it are in the table$/],
    ['\n\r\n["a",1]\n\noops\n', /line 5 .*; 1 pair of it is in the table$/],
    [`${pairs.repeat(20)}\n["far`, /line 14002 .*; 14000 pairs of it are in the table$/],
  ] as const;
  for (const [text, message] of cases) {
    await withFile(text, (file) => assert.rejects(importTable(fakeClient().client, file), message));
  }
});

Deno.test("fault: import: an insert before a change of the table may have been executed", async () => {
  const { client } = fakeClient();
  client.insertText = () => Promise.reject(new DifferentTableError("another table", true));
  const message = /another table; nothing of it is in the table, and 1 more may be$/;
  await withFile('["a",1]\n', (file) => assert.rejects(importTable(client, file), message));
});

Deno.test("import_export: the error for a line that is not a pair quotes it with its number", async () => {
  const bad: [string | Uint8Array, RegExp][] = [
    ['["a",1]\n["b"]\n["c",3]\n', /line 2 .*each line must be \["key",value\].*\[\\"b\\"\]/],
    ['["a",1,2]\n', /line 1 /],
    ["[1,2]\n", /line 1 /],
    ['{"a":1}\n', /line 1 /],
    ['["a",1] x\n', /line 1 /],
    ['["a",]\n', /line 1 /],
    [Uint8Array.of(0xff, 10), /line 1 .*not UTF-8/],
  ];
  for (const [text, message] of bad) {
    const expected = { name: "ExitError", message };
    await withFile(
      text,
      (file) => assert.rejects(importTable(fakeClient().client, file), expected),
    );
  }
  await assert.rejects(importTable(fakeClient().client, "/nowhere/at all"), /Cannot read/);
});
