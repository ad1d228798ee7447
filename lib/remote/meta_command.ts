/** A command on the description of a table: a short string in the store. */
import type { ByteBuilder } from "../bytes/byte_builder.ts";
import { META_BUCKET } from "../store/bucket_keys.ts";
import { addCommand, addTextWord } from "../store/resp_writer.ts";
import type { CommandKind, Store, StoreCommand, StoreFailure } from "../store/store.ts";

/** Longest string that is read, in bytes. */
const MAX_BYTES = 10_000;

const decoder = new TextDecoder();

/** How a command has ended. */
export type MetaEnd =
  /** `reply` is the string in the reply; undefined: nil. */
  | { readonly kind: "done"; readonly reply: string | undefined }
  /** `why` is the end of a sentence. */
  | { readonly kind: StoreFailure["kind"] | "lost"; readonly why: string };

/** One command. */
export class MetaCommand implements StoreCommand {
  readonly bucket = META_BUCKET;
  readonly kind: CommandKind;
  readonly #words: readonly (Uint8Array | string)[];
  readonly #giveUpMs: number;
  readonly #end = Promise.withResolvers<MetaEnd>();
  #reply: string | undefined;

  /**
   * @param words its words: texts, and bytes of `wordOf`
   * @param giveUpMs time by `performance.now()` at which it fails if it is not sent yet (default: none)
   */
  constructor(
    kind: CommandKind,
    words: readonly (Uint8Array | string)[],
    giveUpMs: number = Infinity,
  ) {
    this.kind = kind;
    this.#words = words;
    this.#giveUpMs = giveUpMs;
  }

  /** Executes it, and waits for its end. */
  end(store: Store): Promise<MetaEnd> {
    store.execute(this);
    return this.#end.promise;
  }

  get isUnwanted(): boolean {
    return performance.now() >= this.#giveUpMs;
  }

  encode(out: ByteBuilder): void {
    addCommand(out, this.#words.length);
    for (const word of this.#words) {
      if (typeof word === "string") addTextWord(out, word);
      else out.add(word);
    }
  }

  begin(): void {
    this.#reply = undefined;
  }

  onInteger(): void {}

  takesString(bytes: number): boolean {
    // What is not taken is empty, and so not a description.
    this.#reply = "";
    return bytes <= MAX_BYTES;
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    this.#reply = decoder.decode(bytes.subarray(start, end));
  }

  onNil(): void {}

  onArray(): void {}

  done(): void {
    this.#end.resolve({ kind: "done", reply: this.#reply });
  }

  failed({ kind, why }: StoreFailure): void {
    this.#end.resolve({ kind, why });
  }

  lost(why: string): void {
    this.#end.resolve({ kind: "lost", why });
  }
}
