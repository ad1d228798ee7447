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
import { type BucketKeys, BUCKETS, META_BUCKET } from "../store/bucket_keys.ts";
import { wordOf } from "../store/resp_writer.ts";
import type { Store } from "../store/store.ts";
import { MetaCommand, type MetaEnd } from "./meta_command.ts";

/** The version of the layout in the store. */
const FORMAT = 1;

/**
 * Time for a read to begin that waits for replicas, in milliseconds. A shard without a replica does not begin it
 * at all, and a server of an existing table must still start.
 */
const CONFIRM_MS = 3_000;

/** Attempts of such a read, each of which ends if the connection to the node does. */
const MAX_ATTEMPTS = 3;

const GET = wordOf("GET"), SET = wordOf("SET"), NX = wordOf("NX");

/** What identifies a table. */
export interface TableIdentity {
  /** A random string. */
  readonly tableId: string;
  /** The secret seed, as two words. */
  readonly seed: Int32Array;
}

/** The description of a table. */
export interface TableMeta extends TableIdentity {
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
  const replyOf = (end: MetaEnd) => {
    if (end.kind === "done") return end.reply;
    throw new ExitError(
      `Cannot serve '${name}' from this store: ${
        quoted(key)
      } cannot be read or made (${end.why}); check the store, then start again`,
    );
  };
  let text = replyOf(await readDurable(store, key)), isNew = false;
  if (text === undefined) {
    const words = [SET, key, newDescription(name), NX];
    const made = await new MetaCommand("conditional write", words).end(store);
    isNew = replyOf(made) !== undefined;
    text = replyOf(await readDurable(store, key));
  }
  const found = parse(text ?? "", name);
  if (typeof found !== "string") return { ...found, isNew };
  throw new ExitError(
    `Cannot serve '${name}' from this store: its key ${
      quoted(key)
    } must describe the table '${name}', and ${found}; nothing was changed`,
  );
}

/**
 * Looks whether the store still has a table.
 *
 * @returns undefined if it has, or if it does not answer; else why it has not, as the end of a sentence
 */
export async function findTableChange(
  store: Store,
  keys: BucketKeys,
  name: string,
  table: TableIdentity,
): Promise<string | undefined> {
  const key = keys.text(META_BUCKET);
  const changeIn = (end: MetaEnd) => {
    if (end.kind !== "done") return undefined;
    if (end.reply === undefined) return `its key ${quoted(key)} is missing`;
    const found = parse(end.reply, name);
    const isSame = typeof found !== "string" && found.tableId === table.tableId &&
      found.seed.every((word, at) => word === table.seed[at]);
    return isSame ? undefined : `its key ${quoted(key)} describes another one`;
  };
  const isChanged = changeIn(await read(store, key)) !== undefined;
  return isChanged ? changeIn(await readDurable(store, key)) : undefined;
}

function newDescription(name: string): string {
  return JSON.stringify({
    format: FORMAT,
    name,
    table: crypto.randomUUID(),
    buckets: BUCKETS,
    seed: crypto.getRandomValues(new Uint8Array(8)).toHex(),
    created: isoTime(),
  });
}

/** Reads what a master has: perhaps a description that is lost if it fails now. */
function read(store: Store, key: string): Promise<MetaEnd> {
  return new MetaCommand("read", [GET, key]).end(store);
}

/**
 * Reads the description once the replicas have it: a table must not be used with a seed that is lost with
 * its master. As a "conditional write", the command ends only after them. Without replicas, what the master
 * has must do.
 */
async function readDurable(store: Store, key: string): Promise<MetaEnd> {
  const endMs = performance.now() + CONFIRM_MS;
  for (let attempt = 1;; attempt++) {
    const end = await new MetaCommand("conditional write", [GET, key], endMs).end(store);
    if (end.kind === "lost" && attempt < MAX_ATTEMPTS) continue;
    return end.kind === "lost" || end.kind === "unavailable" ? await read(store, key) : end;
  }
}

/** @returns the identity of the table; or why it is not the description of this one */
function parse(text: string, name: string): TableIdentity | string {
  let members: ReadonlyMap<string, unknown>;
  try {
    members = new Map(Object.entries(JSON.parse(text)));
  } catch {
    return `is ${quoted(text)}`;
  }
  const [format, other, tableId, buckets, seed] = ["format", "name", "table", "buckets", "seed"]
    .map((member) => members.get(member));
  if (typeof format === "number" && format > FORMAT) {
    return `has format ${format}, which needs a newer htserver`;
  }
  if (typeof other === "string" && other !== name) {
    return `describes the table ${quoted(other)}: a table must keep its name`;
  }
  const isGood = format === FORMAT && other === name && buckets === BUCKETS &&
    typeof tableId === "string" && tableId !== "" &&
    typeof seed === "string" && /^[0-9a-f]{16}$/.test(seed);
  // The text is not quoted, because it may have a secret seed.
  if (!isGood) return "has other members";
  const words = [seed.slice(0, 8), seed.slice(8)].map((word) => Number.parseInt(word, 16));
  return { tableId, seed: Int32Array.from(words) };
}
