/** The header of a log or checkpoint: its first record, which names the kind of file and the version. */
import { quoted } from "../../base/quote.ts";
import { textAt } from "../../bytes/span.ts";
import type { Files } from "../folder/folder_files.ts";
import { LogReader } from "./log_reader.ts";
import { FORMAT_VERSION, type LogRecord, RecordBuffer } from "./log_record.ts";

/** The kind of a file: a log or a checkpoint. */
export type FileKind = "txn" | "ckpt";

/** Members of a header before their types are checked. */
interface Members {
  readonly htserver?: unknown;
  readonly version?: unknown;
  readonly covers?: unknown;
  readonly table?: unknown;
  readonly log?: unknown;
}

/** The members of a header besides kind and version. */
export interface Header {
  /** Number of the last change that a checkpoint certainly holds; undefined in a log. */
  readonly covers?: number | undefined;
  /** Identity of the table; undefined in files of earlier versions. */
  readonly table?: string | undefined;
  /** Number of the log, or of the log that follows a checkpoint; undefined in files of earlier versions. */
  readonly log?: number | undefined;
}

/** Encodes a header as JSON. */
export function encodeHeader(htserver: FileKind, members: Header): string {
  return JSON.stringify({ htserver, version: FORMAT_VERSION, ...members });
}

/** Encodes the record at the start of a log. */
export function encodeLogHeader(members: Header): Uint8Array {
  const header = new RecordBuffer();
  header.add(0, 0, encodeHeader("txn", members));
  return header.bytes().slice();
}

/**
 * Finds the problem of the first record of a file.
 *
 * @param kind the expected kind of file
 * @returns a clause for an error message; undefined if the header is valid
 */
export function findHeaderProblem(record: LogRecord, kind: FileKind): string | undefined {
  const { htserver, version } = parseMembers(record);
  if (record.seq !== 0 || htserver !== kind) {
    return `its first record must be the header of a '${kind}' file, and it is ${
      quoted(textAt(record.bytes, record.jsonStart, record.jsonEnd))
    }`;
  }
  if (version !== FORMAT_VERSION) {
    return `it has version ${
      quoted(JSON.stringify(version ?? null))
    } of the format, and this program knows ${FORMAT_VERSION}`;
  }
  return undefined;
}

/** Parses a header; a member is undefined if it is missing or has a wrong type. */
export function parseHeader(record: LogRecord): Header {
  const { covers, table, log } = parseMembers(record);
  return {
    covers: typeof covers === "number" ? covers : undefined,
    table: typeof table === "string" ? table : undefined,
    log: typeof log === "number" && Number.isSafeInteger(log) ? log : undefined,
  };
}

/** The result of reading the first record of a file. */
interface FirstRecord {
  /** Undefined if the record is not whole. */
  readonly header: Header | undefined;
  /** The problem of the record; undefined if it is valid. */
  readonly problem: string | undefined;
}

/** Reads the first record of a file. */
export function readHeader(files: Files, name: string, kind: FileKind): FirstRecord {
  using reader = LogReader.open(files, name);
  if (!reader.next() || reader.record === undefined) {
    return { header: undefined, problem: "its first record is not whole" };
  }
  return { header: parseHeader(reader.record), problem: findHeaderProblem(reader.record, kind) };
}

/** Parses the members of a header; an empty object if the record is no JSON object. */
function parseMembers({ bytes, jsonStart, jsonEnd }: LogRecord): Members {
  try {
    const header: unknown = JSON.parse(textAt(bytes, jsonStart, jsonEnd));
    return typeof header === "object" && header !== null ? header : {};
  } catch {
    return {};
  }
}
