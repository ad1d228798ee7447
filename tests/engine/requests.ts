/** Requests and changes in the form of tests: with strings instead of spans. */
import { type Span, spanOf, textOf } from "../../lib/bytes/span.ts";
import { keyOf, keyTextOf } from "../../lib/protocol/key_text.ts";
import type { Request, RequestOf } from "../../lib/protocol/requests.ts";
import type { Change } from "../../lib/storage/storage.ts";

type Texts<R> = { readonly [Member in keyof R]: R[Member] extends Span ? string : R[Member] };

/** A request with strings: the key as its characters, the value as its JSON text. */
export type TextRequest = Request extends infer R ? R extends Request ? Texts<Omit<R, "id">> : never
  : never;

/** A change with strings: the key as its characters, the value as its JSON text. */
export type TextChange =
  | { readonly method: "insert"; readonly key: string; readonly value: string }
  | { readonly method: "remove"; readonly key: string };

export const SIZE: TextRequest = { method: "size" };
export const INFO: TextRequest = { method: "info" };
export const PING: TextRequest = { method: "ping" };
export const insert = (key: string, value: string): TextRequest => ({
  method: "insert",
  key,
  value,
});
export const lookup = (key: string): TextRequest => ({ method: "lookup", key });
export const remove = (key: string): TextRequest => ({ method: "remove", key });

/** The members of a search in parts. */
export type Part = { limit?: number | undefined; cursor?: string | undefined };

export function scan(regex: string, { limit, cursor }: Part = {}): RequestOf<"scan"> {
  return { method: "scan", id: undefined, regex, limit, cursor };
}

export function query(
  subkey: string,
  subvalue: string,
  { limit, cursor }: Part = {},
): RequestOf<"query"> {
  return { method: "query", id: undefined, subkey, subvalue, limit, cursor };
}

/**
 * A request as the decoder returns it, with bytes of its own.
 *
 * @param id JSON text (default: none)
 */
export function requestOf(request: TextRequest, id?: string): Request {
  const idSpan = { id: id === undefined ? undefined : spanOf(id) };
  switch (request.method) {
    case "insert":
      return { ...request, ...idSpan, key: keyTextOf(request.key), value: spanOf(request.value) };
    case "lookup":
    case "remove":
      return { ...request, ...idSpan, key: keyTextOf(request.key) };
    default:
      return { ...request, ...idSpan };
  }
}

/** A copy of a change, valid after its bytes are reused. */
export function textsOfChange(change: Change): TextChange {
  const key = keyOf(change.key);
  return change.method === "insert"
    ? { method: "insert", key, value: textOf(change.value) }
    : { method: "remove", key };
}
