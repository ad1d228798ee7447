/** The table that is measured: a million keys of 10 bytes with values of 32. */
import { spanOf } from "../../lib/bytes/span.ts";
import { encodeEnd } from "../../lib/storage/log/checkpoint_writer.ts";
import { CHECKPOINT, LOG } from "../../lib/storage/folder/file_names.ts";
import { encodeHeader, encodeLogHeader } from "../../lib/storage/log/file_header.ts";
import type { Change } from "../../lib/storage/storage.ts";
import { RecordBuffer } from "../../lib/storage/log/log_record.ts";

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

/** The insert of key number n. */
export function insertOf(n: number): Change {
  return { method: "insert", key: spanOf(keyOf(n)), value: spanOf(JSON.stringify(valueOf(n))) };
}

/** Writes a data folder that holds the table as a checkpoint and an empty log, or as a log of inserts. */
export function writeFolder(folder: string, as: "checkpoint" | "log", keys: number = KEYS): void {
  const isCheckpoint = as === "checkpoint";
  if (isCheckpoint) {
    Deno.writeFileSync(`${folder}/${LOG}`, encodeLogHeader({}), { createNew: true });
  }
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
  buffer.add(0, 0, encodeHeader(isCheckpoint ? "ckpt" : "txn", isCheckpoint ? { covers: 0 } : {}));
  for (let n = 1; n <= keys; n++) {
    buffer.addChange(n, isCheckpoint ? 0 : 1, insertOf(n));
    if (buffer.length > PIECE_BYTES) flush();
  }
  if (isCheckpoint) buffer.add(keys + 1, 0, encodeEnd(keys));
  flush();
  file.syncDataSync();
}
