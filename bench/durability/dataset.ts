/** The keys and values of the large table: those of the load generator in C. */
import { spanOf } from "../../lib/bytes/span.ts";
import { encodeEnd } from "../../lib/storage/log/checkpoint_writer.ts";
import { CHECKPOINT, LOG } from "../../lib/storage/folder/file_names.ts";
import { encodeHeader, encodeLogHeader } from "../../lib/storage/log/file_header.ts";
import { RecordBuffer } from "../../lib/storage/log/log_record.ts";

/** The records that are collected before a write, in bytes. */
const PIECE_BYTES = 1_000_000;

/** The n-th key, of 10 bytes, from 1 on. */
export function keyOf(n: number): string {
  return `k${n.toString().padStart(9, "0")}`;
}

/** The value of the n-th key: a string of 32 characters, 34 bytes as JSON. */
export function valueOf(n: number): string {
  return `v${n.toString().padStart(9, "0")}`.padEnd(32, ".");
}

/** Writes a data folder with the table: as a checkpoint and an empty log, or as a log of inserts. */
export function writeFolder(folder: string, as: "checkpoint" | "log", keys: number): void {
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
    const value = spanOf(JSON.stringify(valueOf(n)));
    const insert = { method: "insert", key: spanOf(keyOf(n)), value } as const;
    buffer.addChange(n, isCheckpoint ? 0 : 1, insert);
    if (buffer.length > PIECE_BYTES) flush();
  }
  if (isCheckpoint) buffer.add(keys + 1, 0, encodeEnd(keys));
  flush();
  file.syncDataSync();
}
