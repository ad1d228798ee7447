/** The interface of a connection to one node of a store: commands go out in order, and replies come back in order. */
import type { Address } from "../base/address.ts";
import type { ByteBuilder } from "../bytes/byte_builder.ts";
import type { ReplyReceiver } from "./store.ts";

/** A command on a connection. */
export interface LinkCommand extends ReplyReceiver {
  /** Encodes the command in RESP, once. */
  encode(out: ByteBuilder): void;
  /**
   * The reply is an error instead, or an element of its array is one, or there is no memory for a string of it
   * (`NO_MEMORY`). Elements may follow.
   *
   * @param code the first word, such as `MOVED`
   * @param message the whole text, such as `MOVED 3999 127.0.0.1:6381`. Some quote the words of the command.
   */
  onError(code: string, message: string): void;
  /** The reply (also an error) is complete. */
  onEnd(): void;
  /** The connection has ended, and the system got no byte of the command: it is not executed. No other call follows. */
  onUnsent?(): void;
}

/** A small reply as a value: an array has values, an error is thrown by `ask`. */
export type ReplyValue = string | number | null | readonly ReplyValue[];

/** A connection to one node, authenticated, with the scripts loaded. */
export interface NodeLink {
  readonly address: Address;
  /** The node's number of this connection (`CLIENT ID`). Another connection can end this one by it. */
  readonly clientId: number;
  /** Encoded bytes that the system has not taken yet. */
  readonly unsentBytes: number;
  /** Adds a command; `flush` sends it. */
  send(command: LinkCommand): void;
  /** Sends all added commands in one write. */
  flush(): void;
  /**
   * Sends one command and returns its reply as a value.
   *
   * @throws {NodeError} if the reply is an error
   */
  ask(...words: readonly string[]): Promise<ReplyValue>;
  /** Resolves with the reason when the connection has ended. Commands without a reply get no call but `onUnsent`. */
  readonly closed: Promise<string>;
  /** Closes the connection at once. */
  close(): void;
}

/** The error that a node replied. */
export class NodeError extends Error {
  override name = "NodeError";
  /** The first word of the reply, such as `MOVED`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
