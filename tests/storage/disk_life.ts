/** Changes of a table on a simulated disk, and starts on the disk. */
import { insertText } from "../helpers/table_texts.ts";
import { type Life, pairsOf, startOn } from "../engine/durable_engine.ts";
import type { SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import { insertOf } from "./changes.ts";

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
