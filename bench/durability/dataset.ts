/** The table that is measured: a million keys of 10 bytes with values of 32. */
import { LOG } from "../../lib/storage/data_folder.ts";
import { CHECKPOINT } from "../../lib/storage/data_folder.ts";
import { changeJson } from "../../lib/storage/txn_log.ts";
import { FORMAT_VERSION, RecordBuffer } from "../../lib/storage/txn_record.ts";

/** Keys of the large table. */
export const KEYS = 1_000_000;

/** Bytes that are collected before they are written. */
const PIECE_BYTES = 1_000_000;

/** Key number n, of 10 bytes. */
export function keyOf(n: number): string {
  return `k${n.toString().padStart(9, "0")}`;
}

/** The value of key number n: a string of 32 characters, 34 bytes as JSON. */
export function valueOf(n: number): string {
  return `value of key ${n.toString().padStart(9, "0")} 0123456789`.slice(0, 32);
}

/** Writes a data folder that holds the table as a checkpoint, or as nothing but a log of inserts. */
export function writeFolder(folder: string, as: "checkpoint" | "log", keys: number = KEYS): void {
  const isCheckpoint = as === "checkpoint";
  using file = Deno.openSync(`${folder}/${isCheckpoint ? CHECKPOINT : LOG}`, {
    write: true,
    createNew: true,
  });
  const buffer = new RecordBuffer();
  const flush = () => {
    for (let bytes = buffer.bytes(); bytes.length > 0;) {
      bytes = bytes.subarray(file.writeSync(bytes));
    }
    buffer.clear();
  };
  const header = isCheckpoint
    ? { htserver: "ckpt", version: FORMAT_VERSION, covers: 0 }
    : { htserver: "txn", version: FORMAT_VERSION };
  buffer.add(0, 0, JSON.stringify(header));
  for (let n = 1; n <= keys; n++) {
    const value = JSON.stringify(valueOf(n));
    buffer.add(n, isCheckpoint ? 0 : 1, changeJson({ method: "insert", key: keyOf(n), value }));
    if (buffer.length > PIECE_BYTES) flush();
  }
  if (isCheckpoint) buffer.add(keys + 1, 0, `{"end":${keys}}`);
  flush();
  file.syncDataSync();
}
