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

test("help has summary, examples and flags, version names program and version", () => {
  const parse = (...args: string[]) =>
    runParser("prog", () =>
      newProgram("prog", "Does a thing.", ["prog --flag   an example"])
        .option("--flag", "a flag").parse(args, { from: "user" }));
  const help = printed(() => parse("--help"));
  for (const words of ["Usage: prog", "Does a thing.", "Examples:\n  prog --flag", "a flag"]) {
    assert.ok(help.includes(words), words);
  }
  assert.equal(printed(() => parse("--version")), `prog ${VERSION}\n`);
});

test("the error for a misspelt flag suggests the right one, or names --help", () => {
  const parse = (flag: string) => () =>
    runParser(
      "prog",
      () =>
        newProgram("prog", "Does a thing.", []).option("--port <n>", "p").parse([flag], {
          from: "user",
        }),
    );
  assert.match(usageError(parse("--prot")), /'--prot' \(Did you mean --port\?\)$/);
  assert.match(usageError(parse("--port")), /--port <n>.*argument missing/);
  assert.match(usageError(parse("--nothing-like-it")), /unknown option '--nothing-like-it' \(see/);
});

test("any words are accepted, or are a usage error on one line", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--port", "--", "-", "-p", "--port=1", "--no-port"),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 4 }), (words) => {
    fc.pre(!words.includes("--help") && !words.includes("--version"));
    try {
      runParser(
        "prog",
        () => newProgram("prog", "s", []).option("--port <n>", "p").parse(words, { from: "user" }),
      );
    } catch (error) {
      assert.ok(error instanceof UsageError);
      assert.equal(error.exitCode, 2);
    }
  }));
});

test("other failures are passed through", () => {
  assert.throws(() =>
    runParser("prog", () => {
      throw new RangeError("a bug");
    }), RangeError);
});
