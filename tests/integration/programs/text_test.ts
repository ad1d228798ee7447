/** Tests text in the built programs: input must be UTF-8, and a terminal gets no control characters. */
import assert from "assert";
import { ALONE } from "../../../bench/harness/program.ts";
import { executables } from "./executables.ts";
import { IsolatedProcess, run, success } from "./isolated_process.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { testWith } from "../../helpers/needs.ts";

const built = await executables();
const HTCLIENT = built.path("htclient");

/** Starts a server for one test, with functions that run its client. */
async function startServer() {
  const server = new IsolatedProcess(built.path("htserver"), ["text-a4", ...ALONE]);
  const target = `127.0.0.1:${await server.port()}`;
  return {
    target,
    client: (...words: string[]) => run(HTCLIENT, [target, ...words]),
    /** Runs a line of shell, in which `$client` is a client of this server. */
    shell: (line: string, env: Record<string, string> = {}) =>
      run("/bin/bash", ["-c", `client='${HTCLIENT} ${target}'; ${line}`], { env }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

testWith(["bash"], "fault: text that is not UTF-8: an argument is rejected", async () => {
  await using server = await startServer();
  for (const words of ["insert $'k\\xff' 1", "insert k $'\"\\xe9\"'", "scan $'\\xff'"]) {
    const { code, stdout, stderr } = await server.shell(`$client ${words}`);
    assert.deepEqual([code, stdout], [2, ""], words);
    assert.match(stderr, /^htclient: The arguments must be UTF-8 text, [^\n]+\n$/);
  }
  for (const name of ["htserver", "testperf", "htcatalog"]) {
    const { code, stderr } = await run("/bin/bash", ["-c", `'${built.path(name)}' $'a\\xff'`]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`^${name}: The arguments must be UTF-8 text, [^\\n]+\\n$`));
  }
  assert.equal((await server.client("size")).stdout, "0\n");
});

testWith(
  ["bash"],
  "fault: text that is not UTF-8: U+FFFD is a character",
  async () => {
    await using server = await startServer();
    const inserted = await server.client("insert", "k\ufffd\u00e9\ufffd", '"\ufffd"');
    assert.deepEqual(inserted, success("null\n"));
    assert.equal((await server.client("lookup", "k\ufffd\u00e9\ufffd")).stdout, '"\ufffd"\n');
    const both = await server.shell("$client insert k\ufffd $'\"\\xff\"'");
    assert.equal(both.code, 2, both.stderr);
  },
);

testWith(
  ["bash"],
  "fault: text that is not UTF-8: an environment variable is rejected",
  async () => {
    for (const variable of ["USER", "CATALOG_HOST", "CATALOG_PORT"]) {
      const name = variable === "CATALOG_PORT" ? "htclient" : "htserver";
      const line = `${variable}=$'a\\xff' '${built.path(name)}' t ${ALONE.join(" ")}`;
      const { code, stderr } = await run("/bin/bash", ["-c", line]);
      assert.equal(code, 2, stderr);
      const message = `^${name}: The environment variable ${variable} [^\\n]+\\n$`;
      assert.match(stderr, new RegExp(message));
    }
  },
);

testWith(["bash", "script"], "fault: text that is not UTF-8: TERM of a prompt", async () => {
  await using server = await startServer();
  const { stdout } = await server.shell(
    `TERM=$'a\\xff' script -qec "$client" /dev/null </dev/null`,
  );
  assert.match(
    stdout,
    /^htclient: An environment variable is not UTF-8 text: [^\n]+\r?\n( {2}[^\n]+\r?\n)?$/,
  );
});

testWith(["bash"], "fault: text that is not UTF-8: the path of testperf", async () => {
  await using folder = await TempFolder.make();
  await using server = await startServer();
  const odd = `"$(printf '%s/a\\377' '${folder.path}')"`;
  const flags = "--processes 2 --clients 2 --ops 10";
  const { code, stderr } = await server.shell(
    `mkdir ${odd}; ln -s '${built.path("testperf")}' ${odd}/t; ${odd}/t ${server.target} ${flags}`,
  );
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^testperf: --processes needs a testperf in a folder whose path is UTF-8/);
});

testWith(["bash"], "fault: text that is not UTF-8: a line of the prompt or of a file", async () => {
  await using folder = await TempFolder.make();
  await using server = await startServer();
  const prompt = await server.shell(
    "printf 'insert k\\377 1\\ninsert \"\\\\ufffd\" 1\\n' | $client",
  );
  assert.equal(prompt.stdout, "null\n");
  assert.match(prompt.stderr, /^The line must be UTF-8 text[^\n]+\n$/);
  await Deno.writeFile(
    `${folder.path}/t`,
    Uint8Array.from('["k\xff",1]\n', (c) => c.charCodeAt(0)),
  );
  const imported = await server.client("import", `${folder.path}/t`);
  assert.equal(imported.code, 1);
  assert.match(imported.stderr, /not UTF-8/);
  await Deno.writeFile(`${folder.path}/t`, Uint8Array.from("12345678\xff", (c) => c.charCodeAt(0)));
  const token = await run(HTCLIENT, [server.target, "--token-file", `${folder.path}/t`, "size"]);
  assert.equal(token.code, 2);
  assert.match(token.stderr, /^htclient: Cannot use the token in [^\n]+ must be UTF-8 text\n/m);
  assert.equal((await server.client("size")).stdout, "1\n");
});

const ACTIVE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

/** One character of each kind, for a key and a value. */
const WILD = "a\u009b2Jb\u007fc\u202ed\u2066e\u2028f\u00e9";

testWith(
  ["script"],
  "fault: raw control characters on a terminal: escaped there, unchanged in a pipe",
  async () => {
    await using server = await startServer();
    const value = `{"v":\t"${WILD}"}`;
    assert.equal((await server.client("insert", WILD, value)).code, 0);
    const pair = `[${JSON.stringify(WILD)},${value}]`;
    const info = (await server.client("info")).stdout;
    assert.match(info, /"slowest"/);
    const outputs = { "lookup KEY": value, "scan ^a": pair, export: pair };
    for (const [words, raw] of Object.entries(outputs)) {
      const args = words.split(" ").map((word) => word === "KEY" ? WILD : word);
      assert.equal((await server.client(...args)).stdout, `${raw}\n`, "in a pipe");
      const shown = await onTerminal([HTCLIENT, server.target, ...args]);
      assert.doesNotMatch(shown.replaceAll("\t", ""), ACTIVE, words);
      assert.deepEqual(JSON.parse(shown), JSON.parse(raw), words);
    }
    // An error contains text of the server.
    const failed = await server.client("lookup", `${WILD} not`);
    assert.doesNotMatch(failed.stderr.trimEnd(), ACTIVE);
    const prompted = await onTerminal([HTCLIENT, server.target], "scan ^a\nlookup a\t\nexit\n");
    const line = prompted.split("\n").find((one) => one.includes("[")) ?? "";
    assert.match(prompted, /\\u009b2Jb\\u007fc\\u202ed\\u2066e\\u2028f\u00e9/);
    assert.ok(line.length > 0 && !prompted.includes("\u009b") && !prompted.includes("\u202e"));
  },
);

/** Runs a command on a terminal and returns its output, without the CR that the terminal adds. */
async function onTerminal(command: readonly string[], typed = ""): Promise<string> {
  const quotedWords = command.map((word) => `'${word}'`).join(" ");
  const line = `printf '%s' '${typed}' | script -qec "$1" /dev/null`;
  const { code, stdout, stderr } = await run("/bin/sh", ["-c", line, "sh", quotedWords], {
    env: { TERM: "dumb" },
  });
  assert.equal(code, 0, stderr);
  return stdout.replaceAll("\r\n", "\n").trimEnd();
}
