/** A command that collects its whole reply as a value: for questions about a node, not for the table. */
import type { ByteBuilder } from "../bytes/byte_builder.ts";
import { textAt } from "../bytes/span.ts";
import { type LinkCommand, NodeError, type ReplyValue } from "./node_link.ts";
import { addCommand, addTextWord } from "./resp_writer.ts";

/** Largest reply: the slots of a cluster of 1,000 nodes in 16,384 parts have 5 million bytes. */
const MAX_BYTES = 16_000_000;
const MAX_ELEMENTS = 1_000_000;

/** Takes the value, or the error. */
export interface Asker {
  resolve(value: ReplyValue): void;
  /** @param error a `NodeError` if the node replied with it */
  reject(error: Error): void;
}

/** A question to a node. */
export class AskCommand implements LinkCommand {
  readonly #words: readonly string[];
  readonly #asker: Asker;
  /** The arrays that have missing elements. */
  readonly #open: { readonly array: ReplyValue[]; readonly length: number }[] = [];
  #value: ReplyValue = null;
  #error: Error | undefined;
  #bytes = 0;
  #elements = 0;

  constructor(words: readonly string[], asker: Asker) {
    this.#words = words;
    this.#asker = asker;
  }

  encode(out: ByteBuilder): void {
    addCommand(out, this.#words.length);
    for (const word of this.#words) addTextWord(out, word);
  }

  begin(): void {}

  onInteger(value: number): void {
    this.#add(value);
  }

  takesString(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#bytes <= MAX_BYTES) return true;
    this.#add(null);
    this.#error ??= new Error(`a reply has more than ${MAX_BYTES} bytes`);
    return false;
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    this.#add(textAt(bytes, start, end));
  }

  onNil(): void {
    this.#add(null);
  }

  onArray(length: number): void {
    const array: ReplyValue[] = [];
    if (length === 0) this.#add(array);
    else this.#open.push({ array, length });
  }

  onError(code: string, message: string): void {
    this.#error ??= new NodeError(code, message);
    this.#add(null);
  }

  onEnd(): void {
    if (this.#error === undefined) this.#asker.resolve(this.#value);
    else this.#asker.reject(this.#error);
  }

  /** The connection has ended without the reply. */
  onLost(reason: string): void {
    this.#asker.reject(new Error(reason));
  }

  #add(value: ReplyValue): void {
    if (++this.#elements > MAX_ELEMENTS) {
      this.#error ??= new Error(`a reply has more than ${MAX_ELEMENTS} elements`);
      return;
    }
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      last.array.push(value);
      if (last.array.length < last.length) return;
      this.#open.pop();
      value = last.array;
    }
    this.#value = value;
  }
}
