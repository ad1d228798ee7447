/**
 * The log: lines on stderr, as text for people or as JSON for machines.
 *
 * Text: `2026-01-31T12:00:00.000Z warn: message key=value ...`. JSON: an object on each line, with
 * `time`, `level`, `message` and the fields.
 */

import { isoTime } from "./clock.ts";
import { LOG_FLUSH_MS, MAX_LOG_CHARS } from "./limits.ts";
import { LineQueue } from "./line_queue.ts";
import { escaped } from "./quote.ts";

export type LogFormat = "text" | "json";
type LogLevel = "debug" | "info" | "warn" | "error";
type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Writes log lines; those of level `debug` only if `isDebug`. */
export interface Log {
  readonly isDebug: boolean;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * Creates a log.
 *
 * @param options.format default `text`
 * @param options.isDebug also write `debug` lines (default: false)
 * @param options.write receives each line with its LF (default: stderr)
 */
export function createLog(
  { format = "text", isDebug = false, write = (line) => stderr.put(line) }: {
    format?: LogFormat;
    isDebug?: boolean;
    write?: (line: string) => void;
  } = {},
): Log {
  const line = format === "json" ? jsonLine : textLine;
  const at = (level: LogLevel) => (message: string, fields: LogFields = {}) =>
    write(line(level, message, fields));
  return {
    isDebug,
    debug: isDebug ? at("debug") : () => {},
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

/** A log without output, for tests and for callers of the library that want none. */
export const silentLog: Log = createLog({ write: () => {} });

function textLine(level: LogLevel, message: string, fields: LogFields): string {
  let line = `${isoTime()} ${level}: ${printable(message)}`;
  for (const [name, value] of Object.entries(fields)) line += ` ${name}=${fieldText(value)}`;
  return escaped(line) + "\n";
}

function jsonLine(level: LogLevel, message: string, fields: LogFields): string {
  const entry = { time: isoTime(), level, message, ...fields };
  return escaped(JSON.stringify(entry)) + "\n";
}

/** Quotes any text that is not one plain word, so that clients cannot forge log lines. */
function fieldText(value: string | number | boolean | null): string {
  return typeof value === "string" && !/^[\w.:/@+-]+$/.test(value)
    ? JSON.stringify(value)
    : String(value);
}

function printable(message: string): string {
  // deno-lint-ignore no-control-regex -- it finds control characters
  return message.replace(/[\x00-\x1f]/g, (c) => JSON.stringify(c).slice(1, -1));
}

const stderr = new LineQueue({ write: (bytes) => Deno.stderr.write(bytes) }, MAX_LOG_CHARS);

/** Waits for the lines on stderr before the process ends, at most `LOG_FLUSH_MS`. */
export function flushLog(): Promise<void> {
  return stderr.flush(LOG_FLUSH_MS);
}
