/** The step from a record to the table: recovery and repair apply the changes of records with it. */
import { decodeRequest, isRejection } from "../../protocol/decode_request.ts";
import type { Method } from "../../protocol/requests.ts";
import type { HashTable } from "../../table/hash_table.ts";
import type { LogRecord } from "../log/log_record.ts";
import type { Change } from "../log/table_change.ts";

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
  if (isRejection(change)) return false;
  if (change.method !== "insert" && change.method !== "remove") {
    change.method satisfies Exclude<Method, Change["method"]>;
    return false;
  }
  const { key } = change;
  const hash = table.hashOf(key.bytes, key.start, key.end);
  const address = table.find(hash, key.bytes, key.start, key.end);
  if (change.method === "insert") table.set(address, hash, key, change.value);
  else if (address !== 0) table.remove(address, hash);
  return true;
}
