/** Proves the accepted and rejected values of each flag of `htclient`, and its default. */
import assert from "assert";
import { type ClientConfig, parseClientConfig } from "../../lib/config/client_config.ts";
import { checkFlags, type FlagCases, printed, usageError } from "./command_lines.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("client_config");

const parse = (...args: string[]) => parseClientConfig(args, {}, ["insert KEY JSON   a command"]);

const FLAGS: Record<string, FlagCases<ClientConfig>> = {
  "--catalog": { good: [[["a:1"], { catalogs: [{ hostname: "a", port: 1 }] }]], bad: ["http://x"] },
  "--no-catalog": { good: [[[], { catalogs: [] }]], bad: [] },
  "--local-catalog": {
    good: [[["off"], { localCatalogPort: undefined }], [["1"], { localCatalogPort: 1 }]],
    bad: ["0", "on"],
  },
  "--token-in-clear": { good: [[[], { tokenInClear: true }]], bad: [] },
  "--token-file": { good: [[["t"], { tokenFile: "t" }]], bad: [] },
  "--ca": { good: [[["c"], { caFile: "c" }]], bad: [] },
  "--timeout": {
    good: [[["0.5"], { timeoutMs: 500 }], [["60"], {}]],
    bad: ["0", "0.05", "-1", "1m", "86401"],
  },
};

test("every flag accepts its good values and rejects others, and help lists these flags", () => {
  const withList = { ...FLAGS, "--list": { good: [], bad: [] } };
  checkFlags((...args) => parse("me-a4-x", ...args), withList);
});

test("a target with words is one command, and without words it is the prompt", () => {
  const { target, words, timeoutMs } = parse("me-a4-x", "insert", "k", "{}");
  assert.deepEqual([target, words, timeoutMs], ["me-a4-x", ["insert", "k", "{}"], 60_000]);
  assert.deepEqual(parse("127.0.0.1:80").words, []);
});

test("words that look like numbers and JSON stay unchanged", () => {
  assert.deepEqual(parse("a", "insert", "-5", "-1").words, ["insert", "-5", "-1"]);
  assert.deepEqual(parse("a", "--", "insert", "--list", "--x").words, ["insert", "--list", "--x"]);
});

test("either a server or --list", () => {
  assert.deepEqual(parse("--list").target, undefined);
  assert.match(usageError(() => parse()), /Name a server, or list the servers/);
  assert.match(usageError(() => parse("--list", "me-a4-x")), /--list takes no name/);
});

test("a name that no server can have is rejected", () => {
  for (const name of ["a b", "", "caf\u00e9", "host:0"]) {
    assert.match(usageError(() => parse(name)), /A name has 1 to 128/);
  }
});

test("help lists the commands, the examples and the exit codes", () => {
  const help = printed(() => parse("--help"));
  assert.match(
    help,
    /Examples:[^]*insert KEY JSON {3}a command[^]*Exit codes: 0 done, 1.*3 no server/,
  );
});
