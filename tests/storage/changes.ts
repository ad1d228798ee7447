/** Changes of a table, as texts and on a simulated disk, and starts on the disk. */
import { spanOf } from "../../lib/bytes/span.ts";
import type { Change } from "../../lib/storage/storage.ts";
import { insertText, keyText } from "../helpers/table_texts.ts";
import { type Life, pairsOf, startOn } from "../engine/durable_engine.ts";
import type { SimulatedDisk } from "../crash/simulated/simulated_disk.ts";

/** The insert of a key with the JSON text of its value. */
export function insertOf(key: string, valueJson: string): Change {
  return { method: "insert", key: spanOf(keyText(key)), value: spanOf(valueJson) };
}

/** The removal of a key. */
export function removeOf(key: string): Change {
  return { method: "remove", key: spanOf(keyText(key)) };
}

/** Inserts a key into the table and the storage; returns the number of the change. */
export function insert({ storage, table }: Life, key: string, value = "1"): number {
  insertText(table, key, value);
  const seq = storage.append(insertOf(key, value));
  storage.write();
  return seq;
}

/** Inserts a key durably. */
export function insertDurably(life: Life, key: string): void {
  insert(life, key);
  life.storage.syncNow();
}

/** Starts on a disk, and returns the pairs. */
export async function recoverPairs(disk: SimulatedDisk): Promise<[string, string][]> {
  const life = await startOn(disk);
  await life.storage.checkpointing;
  await life.storage.close();
  return pairsOf(life.table);
}
