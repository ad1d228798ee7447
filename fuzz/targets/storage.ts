/**
 * Recovery: the table has exactly the changes of the intact records at the start of a log, or the file
 * is rejected as damaged. Repair finds the changes of all intact records.
 */
import { textAt } from "../../lib/bytes/span.ts";
import { keyAt } from "../../lib/protocol/key_text.ts";
import { CHECKPOINT, LOG } from "../../lib/storage/folder/file_names.ts";
import { encodeLogHeader } from "../../lib/storage/log/file_header.ts";
import { readFolder } from "../../lib/storage/recovery/folder_reader.ts";
import { DamageError, recover } from "../../lib/storage/recovery/recovery.ts";
import { readDamagedFolder } from "../../lib/storage/recovery/damaged_folder.ts";
import { Entry, HashTable } from "../../lib/table/hash_table.ts";
import { checkpointBytes, logBytes } from "../make/records.ts";
import { SimulatedDisk } from "../../tests/crash/simulated/simulated_disk.ts";
import { type LogResult, type Pairs, readAll, readCheckpoint, readLog } from "../oracle/records.ts";
import { oneIn } from "../source.ts";
import type { PartTarget } from "../target.ts";

/** One of this number of logs is also recovered twice and repaired, which takes long. */
const RECOVERED_ONE_IN = 32;

/** @param read the reader (default: that of the server) */
export function logTarget(read: typeof readFolder = readFolder): PartTarget {
  return {
    name: "log",
    input: "transaction log of up to ten changes",
    share: 0.8,
    make: logBytes,
    check(input, random) {
      const files = { [LOG]: input };
      const wanted = readLog(input);
      const problem = differs(files, read, wanted);
      if (problem !== undefined || !oneIn(random, RECOVERED_ONE_IN)) return problem;
      return repairProblem(files, readAll(input)) ?? recoveredTwice(files, wanted);
    },
  };
}

/** @param read the reader (default: that of the server) */
export function checkpointTarget(read: typeof readFolder = readFolder): PartTarget {
  return {
    name: "checkpoint",
    input: "checkpoint of up to ten keys",
    share: 0.8,
    make: checkpointBytes,
    check(input) {
      const pairs = readCheckpoint(input);
      return differs({ [CHECKPOINT]: input, [LOG]: EMPTY_LOG }, read, {
        pairs: pairs ?? new Map(),
        damage: pairs === undefined ? "yes" : "no",
      });
    },
  };
}

/** The log beside a checkpoint. */
const EMPTY_LOG = encodeLogHeader({});

/** One table for all reads, because it is faster to empty it than to make one. */
const table = new HashTable();

type FileBytes = Readonly<Record<string, Uint8Array>>;

/** Reads a folder, and compares the table with the wanted one. */
function differs(files: FileBytes, read: typeof readFolder, wanted: LogResult): string | undefined {
  clear(table);
  try {
    const folder = SimulatedDisk.of(files);
    read(folder, folder.names, table);
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    return wanted.damage === "no" ? `it is rejected: ${error.message}` : undefined;
  }
  if (wanted.damage === "yes") return "it is damaged, and was accepted";
  return differentPairs(table, wanted.pairs);
}

/** Recovers twice: the second recovery finds the same table and nothing to cut off. */
async function recoveredTwice(bytes: FileBytes, wanted: LogResult): Promise<string | undefined> {
  const files = SimulatedDisk.of(bytes);
  try {
    for (const isFirst of [true, false]) {
      clear(table);
      const recovered = await recover(files, table);
      recovered.log.close();
      const problem = differentPairs(table, wanted.pairs);
      if (problem !== undefined) return `recovered ${isFirst ? "once" : "again"}: ${problem}`;
      if (!isFirst && recovered.tornBytes > 0) return "the second recovery cuts something off";
    }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    return wanted.damage === "no" ? `it is rejected: ${error.message}` : undefined;
  }
  return undefined;
}

function repairProblem(files: FileBytes, wanted: Pairs): string | undefined {
  const folder = SimulatedDisk.of(files);
  const problem = differentPairs(readDamagedFolder(folder, folder.names).table, wanted);
  return problem === undefined ? undefined : `repaired: ${problem}`;
}

function differentPairs(table: HashTable, wanted: Pairs): string | undefined {
  if (table.size !== wanted.size) return `there are ${table.size} keys, not ${wanted.size}`;
  const entry = new Entry();
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    if (!table.read(slot, entry)) continue;
    const key = keyAt(entry.bytes, entry.keyStart, entry.keyEnd);
    const value = textAt(entry.bytes, entry.keyEnd, entry.valueEnd);
    if (wanted.get(key) !== value) {
      return `${JSON.stringify(key)} has ${value}, not ${wanted.get(key)}`;
    }
  }
  return undefined;
}

function clear(table: HashTable): void {
  const entry = new Entry();
  for (let slot = 0; slot < table.slotsUsed; slot++) {
    if (!table.read(slot, entry)) continue;
    const hash = table.hashOf(entry.bytes, entry.keyStart, entry.keyEnd);
    table.remove(table.find(hash, entry.bytes, entry.keyStart, entry.keyEnd), hash);
  }
}
