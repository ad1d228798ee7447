/** The command line of `htclient`. */
import { UsageError } from "../base/errors.ts";
import { type Environment, newProgram, runParser, serverTarget } from "./command_line.ts";
import { addConnectionFlags, type ConnectionConfig } from "./connection_flags.ts";

/** The settings of `htclient`: a task for a server, or for the catalogs. */
export interface ClientConfig extends ConnectionConfig {
  /** A name in the catalogs, or HOST:PORT; undefined with `--list`. */
  readonly target: string | undefined;
  /** The words of one command; empty for the prompt. */
  readonly words: readonly string[];
}

const NAME = "htclient";

/**
 * Reads the command line.
 *
 * @param args without the program's name
 * @param commands help lines of the commands
 * @throws {UsageError} or `TextExit`
 */
export function parseClientConfig(
  args: readonly string[],
  env: Environment,
  commands: readonly string[],
): ClientConfig {
  const base = newProgram(
    NAME,
    "Finds a hash table by its name, and runs one command or a prompt.",
    [
      `htclient me-a4-x insert zebra '{"weight":100,"name":"fred"}'`,
      "htclient me-a4-x lookup zebra",
      "htclient me-a4-x scan '^z'",
      "htclient me-a4-x query name fred",
      "htclient me-a4-x export > table.jsonl",
      "htclient me-a4-x            open a prompt, with history and completion",
      "htclient --list             list the tables in the catalogs",
    ],
  );
  const command = base
    .argument("[name|host:port]", "name or address of the server", serverTarget)
    .argument("[command...]", "command to run; without it, a prompt")
    .option("--list", "list the hash tables in the catalogs", false)
    .addHelpText("after", `\nCommands:\n${commands.map((line) => `  ${line}`).join("\n")}`)
    .addHelpText(
      "after",
      "\nA KEY that begins with - must follow --: htclient me-a4-x lookup -- -key\n\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 no server found or reached.",
    );
  const readConnection = addConnectionFlags(base);
  runParser(NAME, () => command.parse([...args], { from: "user" }));
  const flags = command.opts();
  const [target, words] = command.processedArgs;
  if ((target === undefined) !== flags.list) {
    throw new UsageError(
      target === undefined
        ? "Name a server, or list the servers with --list (see htclient --help)"
        : "--list takes no name of a server (see htclient --help)",
    );
  }
  return { target, words, ...readConnection(target, env) };
}
