/**
 * What is UTF-8, without an error thrown for what is not: that takes long. Shares no code with what
 * is tested.
 */

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Whether bytes are UTF-8: those that are none do not come back as they were from being decoded. */
export function isUtf8(bytes: Uint8Array): boolean {
  const text = lossy.decode(bytes);
  if (!text.includes("\ufffd")) return true;
  const again = encoder.encode(text);
  return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]);
}
