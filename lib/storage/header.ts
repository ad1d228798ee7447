/** The first record of a file, which says what the file is. */
import { quoted } from "../base/quoted.ts";
import { textAt } from "../base/span.ts";
import { FORMAT_VERSION, RecordBuffer, type TxnRecord } from "./txn_record.ts";

/** What a file is: a log or a checkpoint. */
export type FileKind = "txn" | "ckpt";

/** Members of a header as they were read. */
interface Members {
  readonly htserver?: unknown;
  readonly version?: unknown;
  readonly covers?: unknown;
  readonly table?: unknown;
}

/** What a header has beside kind and version. */
export interface HeaderMembers {
  /** Number of the last change that a checkpoint holds for certain. */
  readonly covers?: number;
  /** Identity of the table; files of earlier versions have none. */
  readonly table?: string | undefined;
}

/** Makes the JSON of a header. */
export function headerJson(htserver: FileKind, members: HeaderMembers): string {
  return JSON.stringify({ htserver, version: FORMAT_VERSION, ...members });
}

/** Makes the bytes with which a log begins. */
export function logHeader(table: string): Uint8Array {
  const header = new RecordBuffer();
  header.add(0, 0, headerJson("txn", { table }));
  return header.bytes().slice();
}

/**
 * Says what is wrong with the first record of a file, or gives undefined.
 *
 * @param kind of file that it should be
 */
export function headerProblem(record: TxnRecord, kind: FileKind): string | undefined {
  const { htserver, version } = membersOf(record);
  if (record.seq !== 0 || htserver !== kind) {
    return `its first record must say that it is a '${kind}' file, and it says ${
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

/** Number of the last change that a checkpoint holds for certain; 0 where its header does not say. */
export function coversOf(header: TxnRecord): number {
  const { covers } = membersOf(header);
  return typeof covers === "number" ? covers : 0;
}

/** Reads the identity of the table; undefined in files of earlier versions. */
export function tableOf(header: TxnRecord): string | undefined {
  const { table } = membersOf(header);
  return typeof table === "string" ? table : undefined;
}

/** None where it is no JSON object. */
function membersOf({ bytes, jsonStart, jsonEnd }: TxnRecord): Members {
  try {
    const header: unknown = JSON.parse(textAt(bytes, jsonStart, jsonEnd));
    return typeof header === "object" && header !== null ? header : {};
  } catch {
    return {};
  }
}
