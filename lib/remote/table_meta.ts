/**
 * The description of a table in its store, which is made once, by the first server of the table. It is the
 * string `ht:{NAME:meta}`, a JSON object:
 *
 * | member    | meaning                                                                    |
 * | --------- | -------------------------------------------------------------------------- |
 * | `format`  | 1: the layout of `store/bucket_keys.ts`, and the members below             |
 * | `name`    | the table's name                                                           |
 * | `table`   | identity of the table: a random string                                     |
 * | `buckets` | number of buckets                                                          |
 * | `seed`    | secret seed of the hash that chooses a key's bucket: 16 hexadecimal digits |
 * | `created` | time when it was made, in ISO 8601                                         |
 *
 * The seed is secret so that a client cannot choose keys that all go to one bucket.
 */
import { isoTime } from "../base/clock.ts";
import { ExitError } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import type { ByteBuilder } from "../bytes/byte_builder.ts";
import { type BucketKeys, BUCKETS, META_BUCKET } from "../store/bucket_keys.ts";
import { addCommand, addTextWord, wordOf } from "../store/resp_writer.ts";
import type { CommandKind, Store, StoreCommand, StoreFailure } from "../store/store.ts";

/** The version of the layout in the store. */
const FORMAT = 1;

/** Longest description that is read, in bytes. */
const MAX_BYTES = 10_000;

const GET = wordOf("GET"), SET = wordOf("SET"), NX = wordOf("NX");

const decoder = new TextDecoder();

/** The description of a table. */
export interface TableMeta {
  /** Identity of the table. */
  readonly tableId: string;
  /** The secret seed, as two words. */
  readonly seed: Int32Array;
  /** Whether this call has made it. */
  readonly isNew: boolean;
}

/**
 * Reads the description of a table, and makes it if there is none. If several servers do so at the same
 * time, all get the same one.
 *
 * @param name of the table
 * @throws {ExitError} if the store does not answer, or has something else there
 */
export async function openTableMeta(
  store: Store,
  keys: BucketKeys,
  name: string,
): Promise<TableMeta> {
  const key = keys.text(META_BUCKET);
  const found = await ask(store, name, "read", [GET], key);
  if (found !== undefined) return parseMeta(found, key, name, false);
  const made = JSON.stringify({
    format: FORMAT,
    name,
    table: crypto.randomUUID(),
    buckets: BUCKETS,
    seed: crypto.getRandomValues(new Uint8Array(8)).toHex(),
    created: isoTime(),
  });
  const isMade = await ask(store, name, "conditional write", [SET, made, NX], key);
  const agreed = await ask(store, name, "read", [GET], key);
  return parseMeta(agreed ?? "", key, name, isMade !== undefined);
}

/** @throws {ExitError} if it does not describe this table */
function parseMeta(text: string, key: string, name: string, isNew: boolean): TableMeta {
  const refuse = (why: string) =>
    new ExitError(
      `Cannot serve '${name}' from this store: its key ${
        quoted(key)
      } must describe the table '${name}', and ${why}; nothing was changed`,
    );
  let members: ReadonlyMap<string, unknown>;
  try {
    members = new Map(Object.entries(JSON.parse(text)));
  } catch {
    throw refuse(`is ${quoted(text)}`);
  }
  const [format, other, tableId, buckets, seed] = ["format", "name", "table", "buckets", "seed"]
    .map((member) => members.get(member));
  if (typeof format === "number" && format > FORMAT) {
    throw refuse(`has format ${format}, which needs a newer htserver`);
  }
  if (typeof other === "string" && other !== name) {
    throw refuse(`describes the table ${quoted(other)}: a table must keep its name`);
  }
  const isGood = format === FORMAT && other === name && buckets === BUCKETS &&
    typeof tableId === "string" && tableId !== "" &&
    typeof seed === "string" && /^[0-9a-f]{16}$/.test(seed);
  // The text is not quoted, because it may have a secret seed.
  if (!isGood) throw refuse("has other members");
  const words = [seed.slice(0, 8), seed.slice(8)].map((word) => Number.parseInt(word, 16));
  return { tableId, seed: Int32Array.from(words), isNew };
}

/** Executes one command. @returns the string in its reply; undefined: nil */
function ask(
  store: Store,
  name: string,
  kind: CommandKind,
  [method, ...others]: readonly [Uint8Array, ...(Uint8Array | string)[]],
  key: string,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(
        new ExitError(
          `Cannot serve '${name}' from this store: ${
            quoted(key)
          } cannot be read or made (${why}); check the store, then start again`,
        ),
      );
    store.execute(
      new MetaCommand(kind, [method, key, ...others], resolve, fail),
    );
  });
}

/** A command on the description, with a small reply. */
class MetaCommand implements StoreCommand {
  readonly bucket = META_BUCKET;
  #reply: string | undefined;

  constructor(
    readonly kind: CommandKind,
    private readonly words: readonly (Uint8Array | string)[],
    private readonly resolve: (reply: string | undefined) => void,
    private readonly fail: (why: string) => void,
  ) {}

  encode(out: ByteBuilder): void {
    addCommand(out, this.words.length);
    for (const word of this.words) {
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
    this.resolve(this.#reply);
  }

  failed({ why }: StoreFailure): void {
    this.fail(why);
  }

  lost(why: string): void {
    this.fail(why);
  }
}
