/** Command lines in tests: flags with good and bad values, the errors they cause, the help they print. */
import assert from "assert";
import process from "node:process";
import { ExitError, UsageError } from "../../lib/base/errors.ts";
import { TextExit } from "../../lib/config/command_line.ts";

/** Values of a flag, and their effect on the configuration. */
export interface FlagCases<Config> {
  /** Words after the flag, and the part of the configuration that results. */
  readonly good: readonly (readonly [words: readonly string[], part: Partial<Config>])[];
  /** Values that are rejected. */
  readonly bad: readonly string[];
}

/** Returns the sentence of a usage error. */
export function usageError(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof UsageError, `a usage error, not ${error}`);
    assert.equal(error.exitCode, 2);
    assert.doesNotMatch(error.message, /[\r\n]/, "one line");
    assert.doesNotMatch(error.message, /^error/i);
    return error.message;
  }
  return assert.fail("the command line was accepted");
}

/** Returns the text that a parse prints before it ends with `TextExit` and exit code 0. */
export function printed(parse: () => unknown): string {
  const { write } = process.stdout;
  let text = "";
  process.stdout.write = (chunk: string | Uint8Array) => {
    text += String(chunk);
    return true;
  };
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof TextExit && error instanceof ExitError);
    assert.equal(error.exitCode, 0);
    assert.equal(error.message, "");
    return text;
  } finally {
    process.stdout.write = write;
  }
  return assert.fail("nothing was printed");
}

/** Checks every flag of a program, and that its help lists exactly these, in at most 80 columns. */
export function checkFlags<Config>(
  parse: (...args: string[]) => Config,
  flags: Readonly<Record<string, FlagCases<Config>>>,
  others: readonly string[] = [],
): void {
  const help = printed(() => parse("--help"));
  for (const line of help.split("\n")) assert.ok(line.length <= 80, line);
  const listed = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z][a-z-]*)/gm)];
  assert.deepEqual(
    listed.map(([, flag]) => flag).sort(),
    [...Object.keys(flags), ...others, "--help", "--version"].sort(),
  );
  const usual = parse();
  for (const [flag, { good, bad }] of Object.entries(flags)) {
    for (const [words, part] of good) {
      const config = parse(flag, ...words);
      assert.deepEqual(config, { ...usual, ...part }, `${flag} ${words.join(" ")}`);
    }
    for (const value of bad) {
      const message = usageError(() => parse(flag, value));
      assert.ok(message.includes(flag), `${message} | names ${flag}`);
      assert.ok(message.includes(value), `${message} | names ${value}`);
    }
    if ((good[0]?.[0].length ?? 0) > 0) {
      assert.ok(usageError(() => parse(flag)).includes(flag), `${flag} without its value`);
    }
    const misspelt = flag.replace(/(.)(.)$/, "$2$1$1");
    assert.match(usageError(() => parse(misspelt)), /unknown option/);
  }
}
