/**
 * The keys of a table in its store. All begin with `ht:` and the table's name:
 *
 *     ht:{NAME:0} to ht:{NAME:16383}    a hash for each bucket
 *     ht:{NAME:meta}                    a string that describes the table
 *
 * The part in braces decides the hash slot of a key, so that a table may get more keys for a bucket
 * (redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec). In the name, `%` is written as `%25`
 * and `}` as `%7D`: a brace would end that part.
 */
import type { ByteBuilder } from "../bytes/byte_builder.ts";

/** Number of buckets of a table; a power of two. */
export const BUCKETS = 16_384;

/** The number of the table's description, which a store treats as one more bucket. */
export const META_BUCKET: number = BUCKETS;

/** Longest number of a bucket and the brace, in bytes. */
const MAX_END_BYTES = 6;

const CR = 13, LF = 10, ZERO = 48, CLOSE_BRACE = 125;

const encoder = new TextEncoder();

/** Makes the keys of one table. */
export class BucketKeys {
  readonly #prefix: string;
  /** The beginning of the RESP word of a key whose number has this many digits. */
  readonly #heads: readonly Uint8Array[];

  /** @param name of the table */
  constructor(name: string) {
    this.#prefix = `ht:{${name.replaceAll("%", "%25").replaceAll("}", "%7D")}:`;
    const prefixBytes = encoder.encode(this.#prefix).length;
    this.#heads = Array.from(
      { length: MAX_END_BYTES },
      (_, digits) => encoder.encode(`$${prefixBytes + digits + 1}\r\n${this.#prefix}`),
    );
  }

  /** The key of a bucket, or of `META_BUCKET`. */
  text(bucket: number): string {
    return `${this.#prefix}${bucket === META_BUCKET ? "meta" : bucket}}`;
  }

  /** Adds the key of a bucket (not of `META_BUCKET`) to a command, as a word in RESP. */
  addTo(out: ByteBuilder, bucket: number): void {
    const digits = bucket < 10 ? 1 : bucket < 100 ? 2 : bucket < 1e3 ? 3 : bucket < 1e4 ? 4 : 5;
    const head = this.#heads[digits];
    if (head === undefined) return;
    out.reserve(head.length + digits + 3);
    out.add(head);
    const { bytes, length } = out;
    for (let at = length + digits - 1, left = bucket; at >= length; at--) {
      bytes[at] = ZERO + left % 10;
      left = Math.floor(left / 10);
    }
    bytes[length + digits] = CLOSE_BRACE;
    bytes[length + digits + 1] = CR;
    bytes[length + digits + 2] = LF;
    out.length = length + digits + 3;
  }
}
