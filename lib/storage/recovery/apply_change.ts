/** The step from a record to the table: recovery and repair apply the changes of records with it. */
import { isWriteRequest } from "../../commands/command_table.ts";
import { decodeRequest, isRejection } from "../../protocol/decode_request.ts";
import type { HashTable } from "../../table/hash_table.ts";
import type { LogRecord } from "../log/log_record.ts";

/**
 * Applies the change of a record to a table.
 *
 * @returns false if the record holds no change
 */
export function applyChange(
  table: HashTable,
  { bytes, jsonStart, jsonEnd }: LogRecord,
): boolean {
  const change = decodeRequest(bytes, jsonStart, jsonEnd);
  if (isRejection(change) || !isWriteRequest(change)) return false;
  const { key } = change;
  const hash = table.hashOf(key.bytes, key.start, key.end);
  const address = table.find(hash, key.bytes, key.start, key.end);
  if (change.method === "insert") {
    table.set(address, hash, key, change.value);
  } else {
    change.method satisfies "remove"; // another change needs a step of its own here
    if (address !== 0) table.remove(address, hash);
  }
  return true;
}
