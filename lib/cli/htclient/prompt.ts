/** The prompt of `htclient`: one command a line, with history and completion. */
import { createInterface } from "node:readline";
import process from "node:process";
import { ExitError, messageOf, UsageError } from "../../base/errors.ts";
import { addressText } from "../../base/address.ts";
import { DifferentTableError, isServerGone } from "../../client/errors.ts";
import { plainLine } from "../../base/quote.ts";
import type { HtClient } from "../../client/client.ts";
import { CLIENT_COMMANDS, COMMAND_HELP, runClientCommand } from "./commands.ts";
import { printAndWait, printError, printLine } from "../../terminal/stdout.ts";
import { mayBeAltered } from "../utf8_text.ts";

/** Commands whose first argument is a key that may be completed. */
const TAKES_KEY: ReadonlySet<string> = new Set(["insert", "lookup", "remove"]);

/** Keys offered by a completion. */
const MAX_COMPLETIONS = 30;

/** Beside the commands, for `help`. */
const PROMPT_HELP = [
  "accept                  go on with another table, after an error said that there is one",
  "exit                    leave; so does Ctrl-D",
] as const;

/**
 * Reads and runs commands until the input ends or `exit`.
 *
 * @throws {HtError} if the server is gone and the commands come from a file or a pipe: each of the
 *   others would wait for it as long
 */
export async function runPrompt(client: HtClient, name: string): Promise<void> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: Deno.stdin.isTerminal(),
    prompt: Deno.stdin.isTerminal() ? `${name}> ` : "",
    completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
      completionsOf(client, line).then(
        (result) => done(null, result),
        () => done(null, [[], line]),
      );
    },
  });
  if (Deno.stdin.isTerminal()) {
    printLine(`${name} at ${addressText(client.address)}; 'help' shows the commands`);
  }
  // The input may end while a command of it still runs; there is nothing to prompt for then.
  let isOpen = true;
  lines.once("close", () => {
    isOpen = false;
    if (Deno.stdin.isTerminal()) printLine(""); // Ctrl-D leaves the cursor behind the prompt
  });
  // Ctrl-C also ends what is under way.
  lines.once("SIGINT", () => {
    lines.close();
    void client.close();
  });
  lines.prompt();
  for await (const line of lines) {
    const words = wordsOf(line);
    if (words[0] === "exit" || words[0] === "quit") break;
    if (words[0] === "help") printLine([...COMMAND_HELP, ...PROMPT_HELP].join("\n"));
    else if (words[0] === "accept") client.forgetTable();
    else if (words.length > 0) await runOne(client, line, words);
    if (isOpen) lines.prompt();
  }
  lines.close();
}

/**
 * Cuts a line into words: the command, then its arguments, of which the last one is the rest of the
 * line as it stands. A word in double quotes is read as a JSON string, unless it is the last one of
 * `insert` or `query`, which is JSON anyway.
 */
export function wordsOf(line: string): string[] {
  const [, name, rest = ""] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(line) ?? [];
  if (name === undefined) return [];
  const command = Object.hasOwn(CLIENT_COMMANDS, name) ? CLIENT_COMMANDS[name] : undefined;
  if (rest === "") return [name];
  if (command?.args.length !== 2) return [name, unquoted(rest)];
  const [, first = "", second] = /^("(?:[^"\\]|\\.)*"|\S+)\s*(.*)$/s.exec(rest) ?? [];
  return second ? [name, unquoted(first), second] : [name, unquoted(first)];
}

function unquoted(word: string): string {
  try {
    const value: unknown = word.startsWith('"') ? JSON.parse(word) : word;
    return typeof value === "string" ? value : word;
  } catch {
    return word;
  }
}

async function runOne(client: HtClient, line: string, words: string[]): Promise<void> {
  try {
    if (mayBeAltered(line)) {
      throw new UsageError('The line must be UTF-8 text; U+FFFD itself is "\\ufffd" in JSON');
    }
    if (words[0] === "import" && words[1] === "-") {
      throw new UsageError("The prompt has stdin for itself: import from a file");
    }
    await runClientCommand(client, words, printAndWait);
  } catch (error) {
    const isGone = isServerGone(error instanceof ExitError ? error.cause : error);
    if (isGone && !Deno.stdin.isTerminal()) throw error;
    const hint = error instanceof DifferentTableError ? ", or 'accept' it" : "";
    printError(`${messageOf(error)}${hint}`);
  }
}

/** Completes the command's name, then a key by asking the server. */
async function completionsOf(client: HtClient, line: string): Promise<[string[], string]> {
  const [, name, start] = /^\s*(\S+)\s+(\S*)$/.exec(line) ?? [];
  if (name === undefined || start === undefined) {
    const names = [...Object.keys(CLIENT_COMMANDS), "help", "accept", "exit"];
    return [names.filter((one) => one.startsWith(line)).map((one) => `${one} `), line];
  }
  if (!TAKES_KEY.has(name)) return [[], line];
  const keys: string[] = [];
  const regex = `^${start.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}`;
  for await (const [key] of client.scanAll(regex, MAX_COMPLETIONS)) {
    if (!/\s/.test(key) && plainLine(key) === key) keys.push(`${key} `);
    if (keys.length >= MAX_COMPLETIONS) break;
  }
  return [keys.sort(), start];
}
