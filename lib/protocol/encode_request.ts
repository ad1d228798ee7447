/** The encoder of a client's requests. */
import type { JsonText, Part } from "./message.ts";

/** A request of a client. It has no id, because replies come in order. */
export type RequestMembers =
  | { readonly method: "insert"; readonly key: string; readonly value: JsonText }
  | { readonly method: "lookup" | "remove"; readonly key: string }
  | (
    & (
      | { readonly method: "scan"; readonly regex: string }
      | { readonly method: "query"; readonly subkey: string; readonly subvalue: JsonText }
    )
    & Partial<Part>
  )
  | { readonly method: "size" | "ping" | "info" }
  | {
    readonly method: "hello";
    readonly project?: string | undefined;
    readonly token?: string | undefined;
    readonly agent?: string | undefined;
  };

/** Members whose value is JSON text already. */
const JSON_TEXT_MEMBERS: ReadonlySet<string> = new Set(["value", "subvalue"]);

/** Encodes a request as its line, with LF. */
export function encodeRequest(request: RequestMembers): string {
  let line = "{";
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined) continue;
    const text = JSON_TEXT_MEMBERS.has(name) ? onOneLine(String(value)) : JSON.stringify(value);
    line += `${line === "{" ? "" : ","}"${name}":${text}`;
  }
  return line + "}\n";
}

/** JSON allows line ends between its parts, but here one would end the request. */
function onOneLine(text: JsonText): JsonText {
  return text.replace(/[\r\n]/g, " ");
}
