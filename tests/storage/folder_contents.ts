/** Builders of logs and checkpoints for tests, and starts on a folder that holds them. */
import assert from "assert";
import { encodeLogHeader, type Header } from "../../lib/storage/log/file_header.ts";
import { DamageError, recover, type Recovery } from "../../lib/storage/recovery/recovery.ts";
import { RecordBuffer } from "../../lib/storage/log/log_record.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import { joined } from "../helpers/streams.ts";

/** The header of a log of the first version, without an identity. */
export const HEADER = '{"htserver":"txn","version":1}';

/** Makes a log with these changes; each was written when all changes before it were on disk. */
export function logOf(...seqs: number[]): Uint8Array {
  const buffer = new RecordBuffer();
  buffer.add(0, 0, HEADER);
  for (const seq of seqs) buffer.add(seq, 1, `{"method":"insert","key":"k${seq}","value":${seq}}`);
  return buffer.bytes().slice();
}

export function checkpointOf(covers: number, keys: readonly string[]): Uint8Array {
  const buffer = new RecordBuffer();
  buffer.add(0, 0, `{"htserver":"ckpt","version":1,"covers":${covers}}`);
  for (const [at, key] of keys.entries()) {
    buffer.add(at + 1, 0, `{"method":"insert","key":"${key}","value":0}`);
  }
  buffer.add(keys.length + 1, 0, `{"end":${keys.length}}`);
  return buffer.bytes().slice();
}

/** Makes a file of these records, numbered from 0 or with the given numbers. */
export function fileOf(
  ...records: readonly (string | readonly [seq: number, json: string])[]
): Uint8Array<ArrayBuffer> {
  const buffer = new RecordBuffer();
  for (const [at, record] of records.entries()) {
    const [seq, json] = typeof record === "string" ? [at, record] : record;
    buffer.add(seq, 0, json);
  }
  return buffer.bytes().slice();
}

/** Makes a log with this header and these changes. */
export function logWith(header: Header, ...seqs: number[]): Uint8Array {
  return joined([encodeLogHeader(header), logOf(...seqs).subarray(logOf().length)]);
}

/** Proves that a folder is refused because of a file, and is not changed. */
export async function assertRefused(
  files: Readonly<Record<string, Uint8Array>>,
  name: string,
  message: RegExp,
): Promise<void> {
  const disk = SimulatedDisk.of(files);
  await assert.rejects(recover(disk, new HashTable()), (error) => {
    assert.ok(error instanceof DamageError, String(error));
    assert.match(error.message, message);
    assert.equal(error.file, name, error.message);
    assert.match(error.message, /htserver --check simulated.*htserver --repair simulated/);
    return true;
  });
  assert.deepEqual([disk.operations, disk.openFiles], [0, 0]);
}

/** Recovers a folder; returns the result with the disk and the number of keys. */
export async function recoverFolder(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<Recovery & { readonly disk: SimulatedDisk; readonly keys: number }> {
  const disk = SimulatedDisk.of(files);
  const table = new HashTable();
  const recovery = await recover(disk, table);
  recovery.log.close();
  assert.equal(disk.openFiles, 0);
  return { ...recovery, disk, keys: table.size };
}
