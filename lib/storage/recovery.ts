/**
 * Brings a table back: loads the checkpoint and replays the logs over it.
 *
 * A log's end may be torn by a crash: what was never acknowledged as a whole is cut off, and kept in a
 * file of its own. Anything else that does not read is damage, and nothing is served then (I4).
 */
import { ExitError } from "../base/errors.ts";
import { quoted } from "../base/quoted.ts";
import { decodeRequest, isRefusal } from "../protocol/decode_request.ts";
import type { HashTable } from "../table/hash_table.ts";
import { CHECKPOINT, LOG, logNames, NEW_CHECKPOINT, tornName } from "./data_folder.ts";
import type { Files } from "./files.ts";
import { readRecords, type RecordLine } from "./record_reader.ts";
import { firstChange, isLaterThan, isTornHeader, provesDamage } from "./torn_end.ts";
import { TxnLog } from "./txn_log.ts";
import { FORMAT_VERSION, MAX_RECORD_BYTES, type TxnRecord } from "./txn_record.ts";

/** A file that cannot be trusted, and from which byte on. */
export class DamageError extends ExitError {
  override name = "DamageError";
  readonly file: string;
  readonly offset: number;

  constructor(files: Files, name: string, offset: number, what: string) {
    super(
      `Cannot read ${files.folder}/${name}: ${what} at byte ${offset}. Nothing was changed; ` +
        `see what is there with htserver --check ${files.folder}, or salvage it with htserver --repair ${files.folder}`,
    );
    this.file = name;
    this.offset = offset;
  }
}

/** What was found. */
export interface Recovered {
  /** Number of the last change. */
  readonly lastSeq: number;
  /** Keys of the checkpoint, and changes that were replayed over them. */
  readonly checkpointKeys: number;
  readonly replayed: number;
  /** Bytes cut off the last log, and the file that holds them now. */
  readonly cutBytes: number;
  readonly cutTo: string | undefined;
  /** Size of the checkpoint, in bytes. */
  readonly checkpointBytes: number;
  /** The log to go on with. */
  readonly log: TxnLog;
  /** Logs before it, which the next checkpoint makes superfluous. */
  readonly olderLogs: readonly string[];
}

/** Told now and then how many bytes were read. */
export type OnProgress = (bytes: number) => void;

/** How many records pass between two calls of `OnProgress`. */
const RECORDS_PER_PROGRESS = 10_000;

/**
 * Recovers a folder.
 *
 * @param table an empty one, which is filled
 * @throws {DamageError} where a file cannot be trusted
 */
export async function recover(
  files: Files,
  table: HashTable,
  onProgress: OnProgress = () => {},
): Promise<Recovered> {
  const names = files.list();
  if (names.includes(NEW_CHECKPOINT)) files.remove(NEW_CHECKPOINT); // it never came to its end
  const checkpoint = names.includes(CHECKPOINT)
    ? loadCheckpoint(files, table, onProgress)
    : { covers: 0, keys: 0, bytes: 0 };
  const replay = new Replay(files, table, checkpoint.covers, checkpoint.bytes, onProgress);
  const logs = logNames(names);
  for (const [at, name] of logs.entries()) replay.log(name, logs.slice(at + 1));
  const { torn } = replay;
  const cutTo = torn && torn.bytes > 0 ? keepTornEnd(files, torn.name, torn.offset) : undefined;
  const last = torn?.name ?? logs.at(-1);
  // A log whose very header is torn is begun anew.
  const isReusable = last !== undefined && replay.goodBytes > 0;
  // Logs behind a torn one hold nothing.
  for (const name of torn ? logs.slice(logs.indexOf(torn.name) + 1) : []) files.remove(name);
  // What older logs hold was perhaps never forced to disk either.
  const olderLogs = logs.slice(0, last === undefined ? 0 : logs.indexOf(last));
  for (const name of olderLogs) await forceToDisk(files, name);
  const log = isReusable
    ? await TxnLog.resume(files, last, replay.goodBytes, replay.goodEntries)
    : await TxnLog.create(files, last ?? LOG);
  return {
    lastSeq: replay.lastSeq,
    checkpointKeys: checkpoint.keys,
    replayed: replay.replayed,
    cutBytes: torn?.bytes ?? 0,
    cutTo,
    checkpointBytes: checkpoint.bytes,
    log,
    olderLogs,
  };
}

function loadCheckpoint(
  files: Files,
  table: HashTable,
  onProgress: OnProgress,
): { covers: number; keys: number; bytes: number } {
  const damaged = (offset: number, what: string) =>
    new DamageError(files, CHECKPOINT, offset, what);
  let expected = 0;
  let covers = 0;
  let endBytes = -1;
  for (const { offset, end, record } of readRecords(files.openToRead(CHECKPOINT))) {
    if (endBytes >= 0) throw damaged(offset, "there is something behind its last record");
    if (record?.seq !== expected) {
      throw damaged(offset, record ? "a record is missing" : "it is damaged");
    }
    if (expected === 0) covers = headerOf(record, "ckpt", damaged, offset).covers;
    else if (record.json === `{"end":${expected - 1}}`) endBytes = end;
    else apply(table, record, damaged, offset);
    if (expected % RECORDS_PER_PROGRESS === 0) onProgress(end);
    expected++;
  }
  if (endBytes < 0) throw damaged(files.size(CHECKPOINT), "its end is missing");
  return { covers, keys: expected - 2, bytes: endBytes };
}

/** Replays logs one after another; stops at a torn end. */
class Replay {
  /** Number of the last change that is in the table. */
  lastSeq: number;
  replayed = 0;
  /** Of the log that was read last: its whole records. */
  goodBytes = 0;
  goodEntries = 0;
  /** The torn end of the last log. */
  torn: { name: string; offset: number; bytes: number } | undefined;
  readonly #files: Files;
  readonly #table: HashTable;
  readonly #onProgress: OnProgress;
  #bytesBefore: number;

  constructor(
    files: Files,
    table: HashTable,
    covers: number,
    bytesBefore: number,
    onProgress: OnProgress,
  ) {
    this.#files = files;
    this.#table = table;
    this.lastSeq = covers;
    this.#bytesBefore = bytesBefore;
    this.#onProgress = onProgress;
  }

  /** @param later logs that were begun after this one */
  log(name: string, later: readonly string[]): void {
    if (this.torn) return; // and all later ones hold nothing: that was looked at
    const damaged = (offset: number, what: string) =>
      new DamageError(this.#files, name, offset, what);
    this.goodBytes = 0;
    this.goodEntries = 0;
    let isHeader = true;
    let previous: number | undefined;
    const lines = readRecords(this.#files.openToRead(name));
    for (const line of lines) {
      const { offset, end, record } = line;
      if (record === undefined) {
        this.#tornAt(name, line, previous ?? this.lastSeq, lines, later);
        return;
      }
      if (isHeader) {
        headerOf(record, "txn", damaged, offset);
        isHeader = false;
      } else {
        // What the checkpoint covers may stand in a log that a crash did not let go.
        const follows = previous === undefined
          ? record.seq <= this.lastSeq + 1
          : record.seq === previous + 1;
        if (!follows) throw damaged(offset, "a change before this one is missing");
        if (record.seq > this.lastSeq) {
          apply(this.#table, record, damaged, offset);
          this.lastSeq = record.seq;
          this.replayed++;
        }
        previous = record.seq;
        this.goodEntries++;
        if (this.goodEntries % RECORDS_PER_PROGRESS === 0) {
          this.#onProgress(this.#bytesBefore + end);
        }
      }
      this.goodBytes = end;
    }
    this.#bytesBefore += this.goodBytes;
  }

  /** Decides whether a line that does not read is a torn end or damage. */
  #tornAt(
    name: string,
    { offset, hidden }: RecordLine,
    before: number,
    rest: Iterable<RecordLine>,
    later: readonly string[],
  ): void {
    const next = later.map((one) => firstChange(this.#files, one)).find((seq) => seq !== undefined);
    if (next !== undefined && next <= this.lastSeq + 1) return; // the checkpoint covers what is lost
    const lost = before + 1;
    const isProven = isLaterThan(hidden, lost) || provesDamage(rest, lost) ||
      later.some((one) => provesDamage(readRecords(this.#files.openToRead(one)), lost));
    if (!isProven && offset === 0 && !isTornHeader(this.#files, name)) {
      throw new DamageError(this.#files, name, offset, "it does not begin as a log");
    }
    if (isProven) {
      throw new DamageError(
        this.#files,
        name,
        offset,
        `it is damaged (change ${lost} was on disk, since later ones say so)`,
      );
    }
    this.torn = { name, offset, bytes: this.#files.size(name) - offset };
  }
}

/** Reads the first record of a file. */
function headerOf(
  { seq, json }: TxnRecord,
  kind: "txn" | "ckpt",
  damaged: (offset: number, what: string) => Error,
  offset: number,
): { covers: number } {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch {
    header = undefined;
  }
  const members = (typeof header === "object" && header !== null ? header : {}) as {
    htserver?: unknown;
    version?: unknown;
    covers?: unknown;
  };
  if (seq !== 0 || members.htserver !== kind) {
    throw damaged(
      offset,
      `its first record must say that it is a '${kind}' file, and it says ${quoted(json)}`,
    );
  }
  if (members.version !== FORMAT_VERSION) {
    throw damaged(
      offset,
      `it has version ${
        quoted(JSON.stringify(members.version))
      } of the format, and this program knows ${FORMAT_VERSION}`,
    );
  }
  return { covers: typeof members.covers === "number" ? members.covers : 0 };
}

function apply(
  table: HashTable,
  { json }: TxnRecord,
  damaged: (offset: number, what: string) => Error,
  offset: number,
): void {
  const change = decodeRequest(json, MAX_RECORD_BYTES);
  if (!isRefusal(change)) {
    if (change.method === "insert") return table.insert(change.key, change.value);
    if (change.method === "remove") return void table.remove(change.key);
  }
  throw damaged(offset, "a record holds no change");
}

async function forceToDisk(files: Files, name: string): Promise<void> {
  const file = files.openToWrite(name, "append");
  try {
    await file.sync();
  } finally {
    file.close();
  }
}

/** Copies what follows the whole records of a log to a file of its own. */
function keepTornEnd(files: Files, name: string, offset: number): string {
  const kept = tornName(files.list());
  const from = files.openToRead(name);
  const to = files.openToWrite(kept, "create");
  try {
    const buffer = new Uint8Array(64 * 1024);
    let at = 0;
    for (let count = from.read(buffer); count !== null; count = from.read(buffer)) {
      if (at + count > offset) to.write(buffer.subarray(Math.max(0, offset - at), count));
      at += count;
    }
    to.syncNow();
  } finally {
    from.close();
    to.close();
  }
  return kept;
}
