/**
 * A command for one key: the store's form of an insert, lookup or remove, and what is known of its reply.
 *
 * The reply to a request may only be written when it is that request's turn (I1). A value that arrives
 * earlier is copied if there is room, and is otherwise dropped and asked for again. A remove happens only
 * once, so it is sent with a limit: a longer value stays in the store until it is that request's turn.
 */
import { ByteBuilder } from "../bytes/byte_builder.ts";
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import { addSuccess } from "../protocol/encode_reply.ts";
import type { RequestOf } from "../protocol/requests.ts";
import type { BucketKeys } from "../store/bucket_keys.ts";
import { addCommand, addNumberWord, addWord, wordOf } from "../store/resp_writer.ts";
import { REMOVE } from "../store/scripts.ts";
import type { CommandKind, StoreCommand, StoreFailure } from "../store/store.ts";

/** A request for one key. */
export type KeyRequest = RequestOf<"insert" | "lookup" | "remove">;

/** The client of a command. */
export interface CommandOwner {
  /** Receives the replies. */
  readonly out: ByteChunks;
  /** Whether the reply of this command may be written now. */
  isTurnOf(command: KeyCommand): boolean;
  /** Whether no reply can be sent to it any more. */
  readonly isGone: boolean;
  /** Counts bytes of a reply that is held. @returns whether there is room for them */
  hold(bytes: number): boolean;
  /** Counts such bytes no longer. */
  unhold(bytes: number): void;
  /** The store has ended the command. */
  onEnded(command: KeyCommand): void;
}

/** What is known of a reply. */
export type Outcome =
  | "unknown"
  /** An insert was made. */
  | "inserted"
  /** The value is in `heldValue`. */
  | "held"
  /** The reply is in the replies of the client, from `outStart`. */
  | "written"
  | "missing"
  /** The value has `valueBytes`, which is more than a reply may have. */
  | "too large"
  /** There was no room for the value: to execute again when it is the turn of this command. */
  | "again"
  /** The replies of the client had no memory for the value. */
  | "no memory"
  | "failed"
  | "lost";

/** Longest value that a remove returns before it is its turn, in bytes. */
const MAX_EARLY_REMOVE_BYTES = 4_096;

/** Longest buffer for a held value that is kept for the next command, in bytes. */
const MAX_KEPT_BYTES = 4_096;

/** Size of a command without its key and value, in bytes, about. */
const FRAME_BYTES = 120;

const HSET = wordOf("HSET"), HGET = wordOf("HGET");
const EVAL_REMOVE = new ByteBuilder();
for (const word of ["EVALSHA", REMOVE.sha, "1"]) EVAL_REMOVE.add(wordOf(word));

const KINDS: Readonly<Record<KeyRequest["method"], CommandKind>> = {
  insert: "write",
  lookup: "read",
  remove: "conditional write",
};

/** One command, which is used for one request after the other. */
export class KeyCommand implements StoreCommand {
  bucket = 0;
  kind: CommandKind = "read";
  /** Size of its encoded form, in bytes, about. */
  bytes = 0;
  /** Start of the request, by `performance.now()`. */
  startMs = 0;
  /** Whether the store has ended it. */
  isEnded = false;
  outcome: Outcome = "unknown";
  valueBytes = 0;
  failure: StoreFailure | undefined;
  readonly #keys: BucketKeys;
  #owner: CommandOwner | undefined;
  #request: KeyRequest | undefined;
  /** Longest value in a reply, in bytes. */
  #room = 0;
  #heldValue: ByteBuilder | undefined;
  /** Bytes that the owner counts for it. */
  #heldBytes = 0;
  #outStart = 0;

  constructor(keys: BucketKeys) {
    this.#keys = keys;
  }

  /** The request; it has one from `prepare` to `release`. */
  get request(): KeyRequest | undefined {
    return this.#request;
  }

  get isUnwanted(): boolean {
    return this.#owner?.isGone === true;
  }

  /** Prepares it for a request. @param room longest value in its reply, in bytes */
  prepare(owner: CommandOwner, request: KeyRequest, bucket: number, room: number): void {
    const { method, key } = request;
    this.#owner = owner;
    this.#request = request;
    this.#room = room;
    this.bucket = bucket;
    this.valueBytes = 0;
    this.kind = KINDS[method];
    const valueBytes = method === "insert" ? request.value.end - request.value.start : 0;
    this.bytes = FRAME_BYTES + key.end - key.start + valueBytes;
    this.prepareAgain();
  }

  /** Prepares it for another execution of the same request. */
  prepareAgain(): void {
    this.isEnded = false;
    this.#forget();
    this.#unhold();
  }

  /** Drops the request. */
  release(): void {
    if (this.outcome === "written") this.outcome = "unknown"; // the reply stays
    this.#forget();
    this.#unhold();
    if (this.#heldValue !== undefined && this.#heldValue.bytes.length > MAX_KEPT_BYTES) {
      this.#heldValue = undefined;
    }
    this.#owner = this.#request = undefined;
  }

  /** Adds a held value to the replies of the client. @throws {RangeError} if there is no memory */
  writeHeld(): void {
    const value = this.#heldValue;
    if (this.#owner === undefined || value === undefined) return;
    addSuccess(this.#owner.out, this.#request?.id, {
      bytes: value.bytes,
      start: 0,
      end: value.length,
    });
  }

  encode(out: ByteBuilder): void {
    const request = this.#request;
    if (request === undefined) return;
    const { method, key } = request;
    const isInsert = method === "insert", isRemove = method === "remove";
    addCommand(out, isInsert ? 4 : isRemove ? 6 : 3);
    out.add(isInsert ? HSET : isRemove ? EVAL_REMOVE.view() : HGET);
    this.#keys.addTo(out, this.bucket);
    addWord(out, key.bytes, key.start, key.end);
    if (isInsert) addWord(out, request.value.bytes, request.value.start, request.value.end);
    if (!isRemove) return;
    addNumberWord(out, this.#removeLimit());
  }

  begin(): void {
    this.#forget();
    if (this.kind === "read") this.#unhold(); // what a remove holds is for this reply
  }

  onInteger(value: number): void {
    if (this.kind === "write") {
      this.outcome = "inserted";
    } else if (this.kind === "conditional write") {
      // The length of a value that is longer than the limit; it is still there.
      this.valueBytes = value;
      this.outcome = value > this.#room ? "too large" : "again";
    }
  }

  takesString(bytes: number): boolean {
    if (this.#owner === undefined || this.kind === "write") return false;
    if (this.kind === "read") {
      this.valueBytes = bytes;
      if (bytes > this.#room) this.outcome = "too large";
      else if (this.#owner.isTurnOf(this)) return true;
      else if (this.#hold(bytes)) return true;
      else this.outcome = "again";
      return false;
    }
    // A remove has happened, so its value must be taken. Its limit has bounded it.
    return true;
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    const isTurn = owner.isTurnOf(this);
    this.#outStart = owner.out.length;
    try {
      if (isTurn) addSuccess(owner.out, this.#request?.id, { bytes, start, end });
      else (this.#heldValue ??= new ByteBuilder(new Uint8Array(0))).add(bytes, start, end);
      this.outcome = isTurn ? "written" : "held";
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (isTurn) owner.out.truncate(this.#outStart);
      this.outcome = "no memory";
    }
  }

  onNil(): void {
    this.outcome = "missing";
  }

  onArray(): void {}

  done(): void {
    this.#end();
  }

  failed(failure: StoreFailure): void {
    this.#forget();
    this.#unhold();
    this.outcome = "failed";
    this.failure = failure;
    this.#end();
  }

  lost(why: string): void {
    this.#forget();
    this.#unhold();
    this.outcome = "lost";
    this.failure = { kind: "unavailable", why };
    this.#end();
  }

  #end(): void {
    this.isEnded = true;
    this.#owner?.onEnded(this);
  }

  /** Forgets the reply of an attempt. */
  #forget(): void {
    if (this.outcome === "written") this.#owner?.out.truncate(this.#outStart);
    this.outcome = "unknown";
    this.failure = undefined;
    if (this.#heldValue !== undefined) this.#heldValue.length = 0;
  }

  /** The limit for the value of a remove, in bytes; 0: it cannot be held, so no value is removed yet. */
  #removeLimit(): number {
    if (this.#owner?.isTurnOf(this)) return this.#room;
    const bytes = Math.min(MAX_EARLY_REMOVE_BYTES, this.#room);
    return this.#heldBytes > 0 || this.#hold(bytes) ? bytes : 0;
  }

  #hold(bytes: number): boolean {
    if (this.#owner?.hold(bytes) !== true) return false;
    this.#heldBytes = bytes;
    return true;
  }

  #unhold(): void {
    if (this.#heldBytes > 0) this.#owner?.unhold(this.#heldBytes);
    this.#heldBytes = 0;
  }
}
