/**
 * A check for UTF-8 that throws no error, which would take long. Shares no code with the tested code.
 */

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Whether bytes are UTF-8: then decoding and encoding gives the same bytes. */
export function isUtf8(bytes: Uint8Array): boolean {
  const text = lossy.decode(bytes);
  if (!text.includes("\ufffd")) return true;
  const again = encoder.encode(text);
  return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]);
}
