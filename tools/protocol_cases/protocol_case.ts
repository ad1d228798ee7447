/** A protocol case: what a client sends on one connection, and what it must get. See docs/protocol-cases. */

/** What is sent: a line, bytes as they are, a generated line, or a search that goes through all parts. */
export type Sent =
  | string
  | { readonly bytes: string }
  | { readonly concat: Concat }
  | { readonly parts: string };

/** Texts, each with how often it is repeated. */
export type Concat = readonly (readonly [text: string, times: number])[];

/** One reply, or the end of the connection. */
export interface Expected {
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
  /** Members of a result that is an object. */
  readonly has?: readonly string[];
}

/** One case. */
export interface ProtocolCase {
  readonly name: string;
  readonly send: readonly Sent[];
  readonly expect: readonly Expected[];
}

/** The text of a generated line. */
export function concatenated(parts: Concat): string {
  return parts.map(([text, times]) => text.repeat(times)).join("");
}

/** The cases of a file's text: one a line. Empty lines and lines that begin with `//` are skipped. */
export function parseCases(text: string): ProtocolCase[] {
  return text.split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("//"))
    .map((line) => JSON.parse(line) as ProtocolCase);
}
