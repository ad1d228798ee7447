/** Proves the shared part of all command lines: names, targets, ports, usage errors, help and version. */
import assert from "assert";
import fc from "fast-check";
import { UsageError } from "../../lib/base/errors.ts";
import { MAX_NAME_CHARS } from "../../lib/base/limits.ts";
import { VERSION } from "../../lib/base/version.ts";
import {
  catalogName,
  newProgram,
  portOrOff,
  runParser,
  serverTarget,
} from "../../lib/config/command_line.ts";
import { printed, usageError } from "./command_lines.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("command_line");

test("a name is short ASCII, without characters that a catalog would change", () => {
  const read = catalogName("name");
  for (const name of ["me-a4-x", "A", "0", "a.b_c+d@e-f", "x".repeat(MAX_NAME_CHARS)]) {
    assert.equal(read(name), name);
  }
  const bad = ["", "-a", ".a", "a b", "a/b", "a:b", "a,b", "a\n", "\u00e9", "a\u0000", "@a", "_a"];
  for (const name of [...bad, "x".repeat(MAX_NAME_CHARS + 1)]) {
    assert.throws(() => read(name), /1 to 128 ASCII letters, digits/, JSON.stringify(name));
  }
});

test("a server is a name or HOST:PORT", () => {
  for (const target of ["me-a4-x", "127.0.0.1:9999", "[::1]:80", "host:1"]) {
    assert.equal(serverTarget(target), target);
  }
  for (const target of ["", "host:", "host:0", "host:65536", "a b", "::1"]) {
    assert.throws(() => serverTarget(target), JSON.stringify(target));
  }
});

test("a port, or off", () => {
  assert.equal(portOrOff("off"), "off");
  assert.deepEqual(["1", "9097", "65535"].map(portOrOff), [1, 9_097, 65_535]);
  for (const text of ["", "0", "65536", "OFF", "no", "-1", "1.5", "0x1"]) {
    assert.throws(() => portOrOff(text), /a port from 1 to 65535, or off/);
  }
});

/** Parses words as the command line of a program with one flag. */
function parseProgram(...words: string[]) {
  return runParser("prog", () =>
    newProgram("prog", "Does a thing.", ["prog --port 1   an example"])
      .option("--port <n>", "a port").parse(words, { from: "user" }));
}

test("help has summary, examples and flags, version names program and version", () => {
  const help = printed(() => parseProgram("--help"));
  for (const words of ["Usage: prog", "Does a thing.", "Examples:\n  prog --port", "a port"]) {
    assert.ok(help.includes(words), words);
  }
  assert.equal(printed(() => parseProgram("--version")), `prog ${VERSION}\n`);
});

test("the error for a misspelt flag suggests the right one, or names --help", () => {
  const error = (flag: string) => usageError(() => parseProgram(flag));
  assert.match(error("--prot"), /'--prot' \(Did you mean --port\?\)$/);
  assert.match(error("--port"), /--port <n>.*argument missing/);
  assert.match(error("--nothing-like-it"), /unknown option '--nothing-like-it' \(see/);
});

test("any words are accepted, or are a usage error on one line", () => {
  const flag = fc.constantFrom("--port", "--", "-", "-p", "--port=1", "--no-port");
  const word = fc.oneof(fc.string(), flag);
  fc.assert(fc.property(fc.array(word, { maxLength: 4 }), (words) => {
    fc.pre(!words.includes("--help") && !words.includes("--version"));
    try {
      parseProgram(...words);
    } catch (error) {
      assert.ok(error instanceof UsageError);
      assert.equal(error.exitCode, 2);
    }
  }));
});

test("other failures are passed through", () => {
  const fail = () => {
    throw new RangeError("a bug");
  };
  assert.throws(() => runParser("prog", fail), RangeError);
});
