/**
 * Writes replies. `result` is always the last member with nothing but `}` behind it, so that a
 * client can cut out its text without parsing it.
 */
import type { Failure, JsonText } from "./message.ts";

/**
 * The line of a success, with its LF.
 *
 * @param id the request's, where it had one
 * @param result the result's JSON text
 * @param cursor where a scan goes on, where there is more
 */
export function encodeSuccess(
  id: JsonText | undefined,
  result: JsonText,
  cursor?: string,
): string {
  if (id === undefined && cursor === undefined) return `{"status":"OK","result":${result}}\n`;
  return `{"status":"OK"${member("id", id)}${
    cursor === undefined ? "" : member("cursor", JSON.stringify(cursor))
  },"result":${result}}\n`;
}

/** The line of a failure, with its LF. */
export function encodeFailure(id: JsonText | undefined, { type, message }: Failure): string {
  return `{"status":"ERROR"${member("id", id)},"type":"${type}","message":${
    JSON.stringify(message)
  }}\n`;
}

function member(name: string, text: JsonText | undefined): string {
  return text === undefined ? "" : `,"${name}":${text}`;
}
