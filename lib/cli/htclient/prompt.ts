/** The prompt of `htclient`: one command in each line, with history and completion. */
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

/** Commands whose first argument is a key, for completion. */
const TAKES_KEY: ReadonlySet<string> = new Set(["insert", "lookup", "remove"]);

/** Longest list of keys for a completion. */
const MAX_COMPLETIONS = 30;

/** Help lines of the commands that only the prompt has. */
const PROMPT_HELP = [
  "accept                  continue with another table, after an error reported one",
  "exit                    end the prompt, as Ctrl-D does",
] as const;

/**
 * Reads and runs commands until the input ends or `exit`.
 *
 * @throws {HtError} if the server is lost and the input is a file or pipe: each further command would
 *   wait for the server again
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
  // The input may end while a command still runs; then no further prompt may follow.
  let isOpen = true;
  lines.once("close", () => {
    isOpen = false;
    if (Deno.stdin.isTerminal()) printLine(""); // after Ctrl-D the cursor is behind the prompt
  });
  // Ctrl-C also ends the command in progress.
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
    else if (words.length > 0) await runLine(client, line, words);
    if (isOpen) lines.prompt();
  }
  lines.close();
}

/**
 * Splits a line into words: the command and its arguments. The last argument is the unchanged rest of
 * the line. A word in double quotes is a JSON string, except for the last argument of `insert` and
 * `query`, which is JSON.
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

async function runLine(client: HtClient, line: string, words: string[]): Promise<void> {
  try {
    if (mayBeAltered(line)) {
      throw new UsageError('The line must be UTF-8 text; U+FFFD itself is "\\ufffd" in JSON');
    }
    if (words[0] === "import" && words[1] === "-") {
      throw new UsageError("The prompt reads stdin itself: import from a file");
    }
    await runClientCommand(client, words, printAndWait);
  } catch (error) {
    const isLost = isServerGone(error instanceof ExitError ? error.cause : error);
    if (isLost && !Deno.stdin.isTerminal()) throw error;
    const hint = error instanceof DifferentTableError ? ", or 'accept' it" : "";
    printError(`${messageOf(error)}${hint}`);
  }
}

/** Completes the name of a command, then a key from a scan of the table. */
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
