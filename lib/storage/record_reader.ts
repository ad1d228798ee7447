/** Reads the records of a file one after another, with their places, until the end or the first damage. */
import type { ReadableFile } from "./files.ts";
import { MAX_RECORD_BYTES, parseRecord, type TxnRecord } from "./txn_record.ts";

const LF = 10;

/** Bytes that are read at once. */
const CHUNK_BYTES = 1024 * 1024;

/** A line of a file: its place, and its record where it is a whole one. */
export interface RecordLine {
  /** In bytes from the beginning of the file. */
  readonly offset: number;
  /** Where the next line begins. */
  readonly end: number;
  readonly record: TxnRecord | undefined;
  /** A record that stands whole behind something else in the line: the LF before it is damaged. */
  readonly hidden?: TxnRecord | undefined;
}

/** How a record begins. */
const BEGINNING = /[0-9a-f]{8} [0-9a-f]+ [0-9a-f]+ \{/g;

/** Beginnings that are tried in a damaged line. */
const MAX_TRIES = 1_000;

const latin1 = new TextDecoder("latin1");
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads all lines of a file. What stands behind the last LF comes as a line without a record.
 *
 * @param file is closed at the end, or when the caller stops
 */
export function* readRecords(file: ReadableFile): Generator<RecordLine> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  let rest = new Uint8Array(0);
  let offset = 0;
  try {
    for (let count = file.read(chunk); count !== null; count = file.read(chunk)) {
      const bytes = joined(rest, chunk.subarray(0, count));
      const whole = bytes.lastIndexOf(LF) + 1;
      yield* linesOf(bytes.subarray(0, whole), offset);
      rest = bytes.slice(whole);
      offset += whole;
      if (rest.length > MAX_RECORD_BYTES) break; // no record is as long
    }
  } finally {
    file.close();
  }
  if (rest.length > 0) {
    yield { offset, end: offset + rest.length, record: undefined, hidden: hiddenIn(rest) };
  }
}

function* linesOf(bytes: Uint8Array, offset: number): Generator<RecordLine> {
  // ASCII, as most files are, is decoded all at once: then bytes and characters have the same places.
  const all = decoded(bytes);
  const text = all?.length === bytes.length ? all : undefined;
  for (let start = 0; start < bytes.length;) {
    const lf = bytes.indexOf(LF, start);
    const line = bytes.subarray(start, lf);
    const lineText = text === undefined ? decoded(line) : text.slice(start, lf);
    const record = lineText === undefined ? undefined : parseRecord(line, lineText);
    const place = { offset: offset + start, end: offset + lf + 1 };
    yield record ? { ...place, record } : { ...place, record, hidden: hiddenIn(line) };
    start = lf + 1;
  }
}

/** Looks for a record behind the beginning of a line that is none itself. */
function hiddenIn(line: Uint8Array): TxnRecord | undefined {
  const text = latin1.decode(line); // a character for each byte
  let tries = 0;
  for (const { index } of text.matchAll(BEGINNING)) {
    const inner = line.subarray(index);
    const innerText = index > 0 && tries++ < MAX_TRIES ? decoded(inner) : undefined;
    const record = innerText === undefined ? undefined : parseRecord(inner, innerText);
    if (record) return record;
  }
  return undefined;
}

function joined(rest: Uint8Array, more: Uint8Array): Uint8Array {
  if (rest.length === 0) return more;
  const all = new Uint8Array(rest.length + more.length);
  all.set(rest);
  all.set(more, rest.length);
  return all;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // not UTF-8: damaged
  }
}
