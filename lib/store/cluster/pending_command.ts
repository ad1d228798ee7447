/**
 * A command in the store: it stands between the command of the engine and a connection,
 * and remembers the reply, which counts only when it is durable.
 */
import type { Address } from "../../base/address.ts";
import type { ByteBuilder } from "../../bytes/byte_builder.ts";
import type { LinkCommand } from "../node_link.ts";
import type { StoreCommand } from "../store.ts";

/** Takes the replies of the commands that it has sent. */
export interface ReplyOwner {
  /** A reply is complete. */
  onReply(command: PendingCommand): void;
}

const NO_OWNER: ReplyOwner = { onReply() {} };

/** A command that has not ended. */
export class PendingCommand implements LinkCommand {
  readonly command: StoreCommand;
  /** When the store took it, in milliseconds of its clock. */
  readonly sinceMs: number;
  /** How often it was refused or its reply was lost. */
  attempts = 0;
  /** Why the last attempt did not end it; "": there was none. */
  why = "";
  /** The node that executes the next attempt, instead of the one that serves the slot. */
  askAddress: Address | undefined;
  /** Code of the reply if it is an error, else "". */
  errorCode = "";
  errorMessage = "";
  /** Whether the reply shows that a conditional write has changed nothing. */
  isUnchanged = false;
  /** Whether the connection of this attempt has ended before it was sent. */
  isUnsent = false;
  #owner = NO_OWNER;
  #isArray = false;

  constructor(command: StoreCommand, sinceMs: number) {
    this.command = command;
    this.sinceMs = sinceMs;
  }

  /** Prepares for an attempt. */
  sentBy(owner: ReplyOwner): this {
    this.#owner = owner;
    this.errorCode = "";
    this.isUnchanged = this.isUnsent = false;
    this.#isArray = false;
    return this;
  }

  encode(out: ByteBuilder): void {
    this.command.encode(out);
  }

  begin(): void {
    this.command.begin();
  }

  onInteger(value: number): void {
    this.isUnchanged = !this.#isArray;
    this.command.onInteger(value);
  }

  takesString(bytes: number): boolean {
    return this.command.takesString(bytes);
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    this.command.onString(bytes, start, end);
  }

  onNil(): void {
    this.isUnchanged = !this.#isArray;
    this.command.onNil();
  }

  onArray(elements: number): void {
    this.#isArray = true;
    this.command.onArray(elements);
  }

  onError(code: string, message: string): void {
    this.errorCode = code;
    this.errorMessage = message;
  }

  onEnd(): void {
    this.#owner.onReply(this);
  }

  onUnsent(): void {
    this.isUnsent = true;
  }
}
