/** What commands and the engine need in tests: a context around a table, and clients. */
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { memoryStorage } from "../../lib/storage/storage.ts";
import { Agents } from "../../lib/commands/agents.ts";
import type { Client } from "../../lib/commands/client_state.ts";
import type { CommandContext } from "../../lib/commands/command_table.ts";
import { Cursors } from "../../lib/commands/cursors.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { KeyHash } from "../../lib/table/key_hash.ts";

/** A context with no limits that a test would meet; parts of it may be replaced. */
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

/** A table whose hashes are the same in each run. */
export function seededTable(): HashTable {
  return new HashTable(undefined, new KeyHash(Int32Array.of(1, 2)));
}

/** The commits of a table that is kept nowhere. */
export function commitsInMemory(table: HashTable): GroupCommit {
  return new GroupCommit(memoryStorage(), table);
}

/** A client that may use every method, unless told otherwise. */
export function newClient(number: number = 1, isAuthenticated: boolean = true): Client {
  return { number, cursors: new Cursors(), isAuthenticated, closedBy: undefined, agent: undefined };
}
