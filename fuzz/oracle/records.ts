/**
 * The records of a log or checkpoint, by the format in `lib/storage/log/log_record.ts`. Shares no code
 * with the tested code.
 */
import { crc32 } from "node:zlib";
import { parsed } from "./json_text.ts";
import { readRequest, textMember } from "./request.ts";

/** A line of a file, with its members if it is an intact record. */
export interface RecordLine {
  readonly bytes: Uint8Array;
  readonly whole?: { readonly seq: number; readonly lag: number; readonly json: Uint8Array };
}

/** A table: keys without escapes, values as written. */
export type Pairs = Map<string, string>;

const latin1 = new TextDecoder("latin1");
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The lines of a file. Bytes after the last LF are a line without a record. */
export function recordLines(file: Uint8Array): RecordLine[] {
  const lines: RecordLine[] = [];
  for (let start = 0; start < file.length;) {
    const lf = file.indexOf(10, start);
    const bytes = file.subarray(start, lf < 0 ? file.length : lf);
    lines.push(lf < 0 ? { bytes } : recordLine(bytes));
    start += bytes.length + 1;
  }
  return lines;
}

function recordLine(bytes: Uint8Array): RecordLine {
  const [, crc, seq, lag] = /^([0-9a-f]{8}) ([^ ]*) ([^ ]*) /.exec(latin1.decode(bytes)) ?? [];
  if (crc === undefined || seq === undefined || lag === undefined) return { bytes };
  if (crc32(bytes.subarray(9)) !== parseInt(crc, 16)) return { bytes };
  const json = bytes.subarray(11 + seq.length + lag.length);
  return { bytes, whole: { seq: hexNumber(seq), lag: hexNumber(lag), json } };
}

function hexNumber(text: string): number {
  return /^[0-9a-f]{1,13}$/.test(text) ? parseInt(text, 16) : NaN;
}

/** Applies the change of a record; false if it has none. */
export function applyChange(pairs: Pairs, json: Uint8Array): boolean {
  const change = readRequest(json);
  if (change.type !== "OK") return false;
  const { method, members } = change;
  if (method === "insert") {
    pairs.set(textMember(members, "key"), members.get("value") ?? "");
  } else if (method === "remove") pairs.delete(textMember(members, "key"));
  return method === "insert" || method === "remove";
}

/** The members of a header; none if it is not an object. */
export function headerOf(json: Uint8Array): Readonly<Record<string, unknown>> {
  const whole = parsed(utf8.decode(json))?.value;
  return typeof whole === "object" && whole !== null ? whole as Record<string, unknown> : {};
}

/** The result of a start with a log and no checkpoint. */
export interface LogResult {
  /** The table. */
  readonly pairs: Pairs;
  /** Whether the server must reject the log, must accept it, or may do either. */
  readonly damage: "yes" | "no" | "perhaps";
}

/** Reads a log that starts with change 1. */
export function readLog(file: Uint8Array): LogResult {
  const pairs: Pairs = new Map();
  const lines = recordLines(file);
  let last = 0;
  let previous: number | undefined;
  for (const [at, { whole }] of lines.entries()) {
    if (whole === undefined) {
      return { pairs, damage: damageAt(lines, at, (previous ?? last) + 1) };
    }
    const { seq, json } = whole;
    if (at === 0) {
      const { htserver, version } = headerOf(json);
      if (seq !== 0 || htserver !== "txn" || version !== 1) return { pairs, damage: "yes" };
      continue;
    }
    const follows = previous === undefined ? seq <= last + 1 : seq === previous + 1;
    if (!follows) return { pairs, damage: "yes" };
    if (seq > last) {
      if (!applyChange(pairs, json)) return { pairs, damage: "yes" };
      last = seq;
    }
    previous = seq;
  }
  return { pairs, damage: lines.length > 0 ? "no" : "yes" };
}

/** Whether a line without a record is damage: a later record proves that it was on disk. */
function damageAt(lines: readonly RecordLine[], at: number, lost: number): LogResult["damage"] {
  if (at === 0) return "yes"; // A log gets its name when its header is on disk.
  const later = lines.slice(at);
  const isProven = later.some(({ whole }) =>
    whole !== undefined && whole.seq > lost && whole.seq - whole.lag >= lost
  );
  if (isProven) return "yes";
  // A record can follow the start of a line whose LF is damaged.
  const hides = later.some(({ bytes, whole }) =>
    whole === undefined && /.[0-9a-f]{8} [0-9a-f]+ [0-9a-f]+ \{/s.test(latin1.decode(bytes))
  );
  return hides ? "perhaps" : "no";
}

/** The table of a checkpoint; undefined if it must be rejected. */
export function readCheckpoint(file: Uint8Array): Pairs | undefined {
  const pairs: Pairs = new Map();
  const lines = recordLines(file);
  for (const [at, { whole }] of lines.entries()) {
    if (whole === undefined || whole.seq !== at) return undefined;
    if (at === 0) {
      const { htserver, version } = headerOf(whole.json);
      if (htserver !== "ckpt" || version !== 1) return undefined;
    } else if (utf8.decode(whole.json) === `{"end":${at - 1}}`) {
      return at === lines.length - 1 ? pairs : undefined;
    } else if (!applyChange(pairs, whole.json)) return undefined;
  }
  return undefined;
}

/** The table of the intact records of a file. Other lines are ignored. */
export function readAll(file: Uint8Array): Pairs {
  const pairs: Pairs = new Map();
  for (const { whole } of recordLines(file)) {
    if (whole !== undefined && whole.seq > 0) applyChange(pairs, whole.json);
  }
  return pairs;
}
