/**
 * What a catalog keeps of an update, by the rules of `lib/catalog/update_text.ts`. Shares no code
 * with it.
 */
import { membersOf, parsed } from "./json_text.ts";

/** Limits of an update. */
export interface UpdateLimits {
  readonly bytes: number;
  readonly depth: number;
  readonly members: number;
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** The members that are listed; undefined where it is dropped. */
export function updateMembers(
  bytes: Uint8Array,
  limits: UpdateLimits,
): Record<string, unknown> | undefined {
  if (bytes.length > limits.bytes) return undefined;
  const text = lossy.decode(bytes).replace(/[\0 \t\r\n]*$/, "");
  const whole = parsed(text)?.value;
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return undefined;
  if (depthOf(text) > limits.depth) return undefined;
  const members = new Map(
    membersOf(text).reverse().map(([name, value]) => [plainText(name), value]),
  ); // the first one counts
  if (members.size > limits.members) return undefined;
  for (const own of ["address", "lastheardfrom", "name"]) members.delete(own);
  return Object.fromEntries([...members].map(([name, value]) => [name, plain(printed(value))]));
}

/** A value with its numbers as C prints them with sixteen digits; integers stay as they are. */
function printed(json: string): unknown {
  return JSON.parse(json, (_name, value: unknown, context?: { readonly source?: string }) => {
    const isPrinted = typeof value === "number" && Number.isFinite(value) &&
      /[.eE]/.test(context?.source ?? "");
    return isPrinted ? Number(value.toPrecision(16)) : value;
  });
}

function plain(value: unknown): unknown {
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [plainText(name), plain(inner)]),
  );
}

/** Any character but printable ASCII becomes a question mark. */
function plainText(text: string): string {
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    result += character >= " " && character <= "~" ? character : "?";
  }
  return result;
}

/** How deep a JSON text nests. */
function depthOf(json: string): number {
  let depth = 0, deepest = 0;
  for (const bracket of json.replace(/"(?:[^"\\]|\\.)*"/gs, "").match(/[{}[\]]/g) ?? []) {
    depth += bracket === "{" || bracket === "[" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
