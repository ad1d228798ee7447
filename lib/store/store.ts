/**
 * The interface between the remote engine and the shared store: commands for one bucket of the table, and
 * what happened to each.
 *
 * A store executes a command at most once, unless it is a read. It answers each command with exactly one
 * of `done`, `failed` and `lost`, so that the engine never reports a guess: a command that failed has
 * changed nothing, and a lost one may have been executed.
 */
import type { ByteBuilder } from "../bytes/byte_builder.ts";

/**
 * Receives one reply of the store piece by piece, so that a large reply is never in memory as a whole.
 * Bytes are valid during the call only.
 */
export interface ReplyReceiver {
  /** A reply begins; the pieces of an earlier attempt do not count. */
  begin(): void;
  /** An integer, or an element of an array that is one. */
  onInteger(value: number): void;
  /**
   * A string (simple or bulk) of this length comes next.
   *
   * @returns whether to receive it; false: its bytes are discarded, and `onString` is not called
   */
  takesString(bytes: number): boolean;
  /** A string, or an element of an array that is one. */
  onString(bytes: Uint8Array, start: number, end: number): void;
  /** Nil: a field that the hash does not have. */
  onNil(): void;
  /** An array of this number of elements begins. */
  onArray(elements: number): void;
}

/** Why a command was not executed. */
export interface StoreFailure {
  /** `full`: the store has no memory for it. `unavailable`: no node took it in time. `rejected`: any other error. */
  readonly kind: "full" | "unavailable" | "rejected";
  /** The reason, as the end of a sentence; it has no secret. */
  readonly why: string;
}

/** The effect of a command on the table. */
export type CommandKind =
  /** It changes nothing, and may be executed twice. */
  | "read"
  /** It always changes its bucket if it succeeds. */
  | "write"
  /**
   * It may change its bucket, or find that there is nothing to change: a remove. Its reply is nil or an integer
   * if it has changed nothing, and something else if it has.
   */
  | "conditional write";

/** One command for one bucket. */
export interface StoreCommand extends ReplyReceiver {
  readonly bucket: number;
  readonly kind: CommandKind;
  /** Whether it is one of many for all buckets. Commands that are not pass it (default: false). */
  readonly isSweep?: boolean;
  /** Whether its client has gone: it fails if it waits, and is not sent. Commands without a client leave it out. */
  readonly isUnwanted?: boolean;
  /** Encodes the command; called for each attempt, right before it is sent. */
  encode(out: ByteBuilder): void;
  /** Its reply is complete, and what it shows is as durable as the store promises. */
  done(): void;
  /** It was not executed, or refused: nothing has changed. */
  failed(failure: StoreFailure): void;
  /** It may have been executed. Only for writes. @param why the end of a sentence */
  lost(why: string): void;
}

/** A table in a shared store. */
export interface Store {
  /** The durability that it promises: `replicated` (a cluster with replicas) or `store`. */
  readonly durability: "replicated" | "store";
  /** Takes a command. Commands of one round of the event loop are sent together. */
  execute(command: StoreCommand): void;
  /** The state of the store for `info`: plain data without secrets. */
  info(): Record<string, unknown>;
  /** Closes all connections; waiting commands are lost or fail. */
  close(): Promise<void>;
}
