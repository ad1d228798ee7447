/**
 * Encodes commands in RESP, the protocol of Redis and Valkey (redis.io/docs/latest/develop/reference/protocol-spec):
 * a command is an array of bulk strings, `*<elements>\r\n` and for each `$<bytes>\r\n<bytes>\r\n`.
 */
import type { ByteBuilder } from "../bytes/byte_builder.ts";

const ARRAY = 42, BULK = 36, CR = 13, LF = 10, ZERO = 48;

const encoder = new TextEncoder();

/** Longest head of an element, in bytes: a type, a safe integer, CR and LF. */
const MAX_HEAD_BYTES = 20;

/** Begins a command of this number of words. */
export function addCommand(out: ByteBuilder, words: number): void {
  addHead(out, ARRAY, words);
}

/** Adds a word from bytes `start` to `end` of a buffer. */
export function addWord(out: ByteBuilder, from: Uint8Array, start: number, end: number): void {
  out.reserve(end - start + MAX_HEAD_BYTES + 2);
  addHead(out, BULK, end - start);
  out.add(from, start, end);
  addLineEnd(out);
}

/** Adds a word of text, in UTF-8. */
export function addTextWord(out: ByteBuilder, text: string): void {
  const bytes = encoder.encode(text);
  addWord(out, bytes, 0, bytes.length);
}

/** Adds a word that is a whole number from 0. */
export function addNumberWord(out: ByteBuilder, value: number): void {
  let digits = 1;
  for (let left = value; left >= 10; left = Math.floor(left / 10)) digits++;
  addHead(out, BULK, digits);
  out.reserve(MAX_HEAD_BYTES);
  addDigits(out, value);
  addLineEnd(out);
}

/** A word of text as `addTextWord` adds it, for a word that many commands have. */
export function wordOf(text: string): Uint8Array {
  const { length } = encoder.encode(text);
  return encoder.encode(`$${length}\r\n${text}\r\n`);
}

function addHead(out: ByteBuilder, type: number, count: number): void {
  out.reserve(MAX_HEAD_BYTES);
  out.bytes[out.length++] = type;
  addDigits(out, count);
  addLineEnd(out);
}

function addDigits(out: ByteBuilder, count: number): void {
  if (count >= 10) addDigits(out, Math.floor(count / 10));
  out.bytes[out.length++] = ZERO + count % 10;
}

function addLineEnd(out: ByteBuilder): void {
  out.bytes[out.length++] = CR;
  out.bytes[out.length++] = LF;
}
