/** A protocol case: the requests on one connection, and the expected replies. See docs/protocol-cases. */

/** One element to send: a line, raw bytes, a generated line, or a search in all its parts. */
export type SendItem =
  | string
  | { readonly bytes: string }
  | { readonly concat: Concat }
  | { readonly parts: string };

/** Texts, each with its number of repetitions. */
type Concat = readonly (readonly [text: string, times: number])[];

/** One expected reply, or the end of the connection. */
export interface ExpectedReply {
  readonly close?: boolean;
  readonly status?: "OK" | "ERROR";
  readonly type?: string;
  /** Exact JSON texts. */
  readonly "id_text"?: string;
  readonly "result_text"?: string;
  readonly "result_concat"?: Concat;
  /** Equal as JSON. */
  readonly result?: unknown;
  /** In any order. */
  readonly pairs?: readonly (readonly [string, unknown])[];
  readonly "result_type"?: "int" | "str" | "list" | "object";
  /** Names of members of a result that is an object. */
  readonly has?: readonly string[];
}

/** One case. */
export interface ProtocolCase {
  readonly name: string;
  readonly send: readonly SendItem[];
  readonly expect: readonly ExpectedReply[];
}

/** Generates a line. */
export function concatenate(parts: Concat): string {
  return parts.map(([text, times]) => text.repeat(times)).join("");
}

/** Parses the cases of a file, one on each line. It skips empty lines and lines that begin with `//`. */
export function parseCases(text: string): ProtocolCase[] {
  return text.split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("//"))
    .map((line) => JSON.parse(line) as ProtocolCase);
}
