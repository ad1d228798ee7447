/** The commands of `htclient`, with one entry for each. */
import { UsageError } from "../../base/errors.ts";
import { skipValue } from "../../json/scan.ts";
import { spanOf } from "../../bytes/span.ts";
import type { HtClient } from "../../client/client.ts";
import { exportTable, importTable, type Print, printPairs } from "./import_export.ts";

/** One command. */
interface ClientCommand {
  /** Names of the arguments, all required. */
  readonly args: readonly string[];
  readonly help: string;
  readonly run: (client: HtClient, print: Print, ...args: string[]) => Promise<void>;
}

/** Every command, by its name. */
export const CLIENT_COMMANDS: Readonly<Record<string, ClientCommand>> = {
  insert: {
    args: ["KEY", "JSON"],
    help: "insert or replace a value, given as JSON",
    async run(client, print, key = "", value = "") {
      await print((await client.insertText(key, value).catch(rethrowAsUsageError), "null"));
    },
  },
  lookup: {
    args: ["KEY"],
    help: "show the value of a key",
    run: async (client, print, key = "") => print(await client.lookupText(key)),
  },
  remove: {
    args: ["KEY"],
    help: "remove a key and show the value that it had",
    run: async (client, print, key = "") => print(await client.removeText(key)),
  },
  scan: {
    args: ["REGEX"],
    help: "show the pairs whose key matches, one per line",
    run: async (client, print, regex = "") => printPairs(await client.scanText(regex), print),
  },
  query: {
    args: ["SUBKEY", "SUBVALUE"],
    help: "show pairs with this member; SUBVALUE: JSON or text",
    async run(client, print, subkey = "", subvalue = "") {
      await printPairs(await client.queryText(subkey, atomText(subvalue)), print);
    },
  },
  size: {
    args: [],
    help: "show the number of keys",
    run: async (client, print) => print(String(await client.size())),
  },
  info: {
    args: [],
    help: "show the state of the server",
    run: async (client, print) => print((await client.request({ method: "info" })).result),
  },
  ping: {
    args: [],
    help: "check that the server replies",
    run: async (client, print) => print((await client.request({ method: "ping" })).result),
  },
  import: {
    args: ["FILE"],
    help: "insert [key, value] lines of a file; - is stdin",
    run: (client, _print, file = "") => importTable(client, file),
  },
  export: {
    args: [],
    help: "show all pairs, one [key, value] per line",
    run: (client, print) => exportTable(client, print),
  },
};

/** Help lines of the commands, for `--help` and the prompt. */
export const COMMAND_HELP: readonly string[] = Object.entries(CLIENT_COMMANDS).map(
  ([name, { args, help }]) => `${[name, ...args].join(" ").padEnd(24)}${help}`,
);

/**
 * Runs one command.
 *
 * @param words its name and its arguments
 * @throws {UsageError} if the command does not exist, or takes other arguments
 * @throws {HtError} if it fails
 */
export async function runClientCommand(
  client: HtClient,
  words: readonly string[],
  print: Print,
): Promise<void> {
  checkCommand(words);
  const [name = "", ...args] = words;
  await CLIENT_COMMANDS[name]?.run(client, print, ...args);
}

/** Checks a command before the search for a server. @throws {UsageError} */
export function checkCommand(words: readonly string[]): void {
  const [name = "", ...args] = words;
  const command = Object.hasOwn(CLIENT_COMMANDS, name) ? CLIENT_COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(
      `There is no command '${name}'; there are ${Object.keys(CLIENT_COMMANDS).join(", ")}`,
    );
  }
  if (args.length !== command.args.length) {
    const takes = command.args.length === 0 ? "no arguments" : command.args.join(" ");
    throw new UsageError(
      `${name} takes ${takes}, not ${args.length} argument${args.length === 1 ? "" : "s"}`,
    );
  }
}

/** Leaves JSON text unchanged, so that a number keeps its digits; makes any other word a string. */
function atomText(word: string): string {
  const { bytes, end } = spanOf(word);
  return skipValue(bytes, 0, end) === end ? word : JSON.stringify(word);
}

function rethrowAsUsageError(error: unknown): never {
  if (!(error instanceof TypeError)) throw error;
  throw new UsageError(`${error.message} (a string is written '"text"')`);
}
