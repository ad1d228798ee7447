/** Decoded requests with texts instead of spans, to compare them. */
import { textOf } from "../../lib/bytes/span.ts";
import type { Rejection, Request } from "../../lib/protocol/requests.ts";

/** A request or rejection; a key as its characters. */
export interface DecodedTexts {
  readonly id?: string | undefined;
  readonly [member: string]: unknown;
}

/** Replaces spans by texts. */
export function decodedTexts(decoded: Request | Rejection): DecodedTexts {
  return Object.fromEntries(
    Object.entries(decoded).map(([name, value]) => {
      if (typeof value !== "object" || !("bytes" in value)) return [name, value];
      return [name, name === "key" ? JSON.parse(`"${textOf(value)}"`) : textOf(value)];
    }),
  );
}
