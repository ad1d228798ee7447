/** Contexts, clients and waits for tests of commands and of the engine. */
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { memoryStorage } from "../../lib/storage/storage.ts";
import { Agents } from "../../lib/commands/agents.ts";
import type { Client } from "../../lib/commands/client_state.ts";
import type { CommandContext } from "../../lib/commands/command_table.ts";
import { Cursors } from "../../lib/commands/cursors.ts";
import type { Yielder } from "../../lib/runtime/yielding.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { KeyHash } from "../../lib/table/key_hash.ts";

/** A context without limits that a test reaches; `changes` replace parts of it. */
export function contextWith(changes: Partial<CommandContext> = {}): CommandContext {
  return {
    table: new HashTable(),
    maxTableBytes: 1e9,
    project: "me-a4-test",
    info: () => '{"project":"me-a4-test"}',
    isToken: () => true,
    agents: new Agents(),
    ...changes,
  };
}

/** A yielder that never yields, for tests with a single client. */
export const neverYields: Yielder = { yield: () => undefined };

/** One round of the event loop. */
export const eventLoop = (): Promise<void> =>
  new Promise<void>((resolve) => void setImmediate(resolve));

/** A table with the same hashes in each run. */
export function seededTable(): HashTable {
  return new HashTable(undefined, new KeyHash(Int32Array.of(1, 2)));
}

/** The group commit of a table in memory. */
export function commitsInMemory(table: HashTable): GroupCommit {
  return new GroupCommit(memoryStorage(), table);
}

/** A client, which may use every method by default. */
export function newClient(number: number = 1, isAuthenticated: boolean = true): Client {
  return { number, cursors: new Cursors(), isAuthenticated, closedBy: undefined, agent: undefined };
}
