/** Writes request lines. */
import type { JsonText, Part } from "./message.ts";

/** A request as clients make them; without an id, since replies come in order. */
export type RequestMembers =
  | { readonly method: "insert"; readonly key: string; readonly value: JsonText }
  | { readonly method: "lookup" | "remove"; readonly key: string }
  | ({ readonly method: "scan"; readonly regex: string } & Partial<Part>)
  | (
    & { readonly method: "query"; readonly subkey: string; readonly subvalue: JsonText }
    & Partial<
      Part
    >
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

/** The line of a request, with its LF. */
export function encodeRequest(request: RequestMembers): string {
  let line = "{";
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined) continue;
    const text = JSON_TEXT_MEMBERS.has(name) ? onOneLine(String(value)) : JSON.stringify(value);
    line += `${line === "{" ? "" : ","}"${name}":${text}`;
  }
  return line + "}\n";
}

/** In JSON, line ends are white space; here they would end the request, and each later reply go to another one. */
function onOneLine(text: JsonText): JsonText {
  return text.replace(/[\r\n]/g, " ");
}
