/** The commands that a lane sends besides those of the table. */
import type { ByteBuilder } from "../../bytes/byte_builder.ts";
import type { LinkCommand } from "../node_link.ts";
import { addCommand, addTextWord } from "../resp_writer.ts";

/** A command with a short reply. */
abstract class ShortCommand implements LinkCommand {
  /** The reply if it is an integer, else 0. */
  integer = 0;
  /** The reply if it is an error, else "". */
  error = "";

  abstract encode(out: ByteBuilder): void;
  abstract onEnd(): void;

  begin(): void {}

  onInteger(value: number): void {
    this.integer = value;
  }

  takesString(): boolean {
    return false;
  }

  onString(): void {}
  onNil(): void {}
  onArray(): void {}

  onError(_code: string, message: string): void {
    this.error = message;
  }
}

class Asking extends ShortCommand {
  encode(out: ByteBuilder): void {
    addCommand(out, 1);
    addTextWord(out, "ASKING");
  }

  // If the node refuses it, it also refuses the command behind it.
  onEnd(): void {}
}

/** Permits the next command on this connection to use a slot that is migrating to the node. */
export const ASKING: LinkCommand = new Asking();

/**
 * Sets the fence's key, also in a node whose memory is full. A plain `SET` would be refused there, and then
 * no read could be fenced. `EVAL` with its text needs no script that the node may have lost.
 */
const SET_FENCE = "#!lua flags=allow-oom\nreturn redis.call('SET',KEYS[1],'1')";
/** The same for a key that does not stay. */
const SET_SHORT_FENCE = "#!lua flags=allow-oom\nreturn redis.call('SET',KEYS[1],'1','PX','1')";

/**
 * The fence: a small write behind commands that perhaps write nothing. `WAIT` covers the writes of its own
 * connection and all that came before them, so it also covers the changes of others that these commands saw.
 */
export class Fence extends ShortCommand {
  /** Whether the node has executed it. */
  isWritten = false;
  readonly #key: string;
  readonly #isAsked: boolean;

  /**
   * @param bucketKey the key of a bucket that the node serves
   * @param isAsked whether `ASKING` precedes it. Then its key must not stay: a migration would fail if the
   *   node that the slot comes from had it, too.
   */
  constructor(bucketKey: string, isAsked: boolean) {
    super();
    this.#key = bucketKey + (isAsked ? ":a" : ":f");
    this.#isAsked = isAsked;
  }

  encode(out: ByteBuilder): void {
    addCommand(out, 4);
    addTextWord(out, "EVAL");
    addTextWord(out, this.#isAsked ? SET_SHORT_FENCE : SET_FENCE);
    addTextWord(out, "1");
    addTextWord(out, this.#key);
  }

  onEnd(): void {
    this.isWritten = this.error === "";
  }
}

/** Waits until replicas have confirmed all writes of the connection. */
export class Wait extends ShortCommand {
  readonly #replicas: number;
  readonly #timeoutMs: number;
  readonly #onEnd: (wait: Wait) => void;

  /**
   * @param timeoutMs longest time, in milliseconds
   * @param onEnd called with the number of replicas in `integer`, or with an error
   */
  constructor(replicas: number, timeoutMs: number, onEnd: (wait: Wait) => void) {
    super();
    this.#replicas = replicas;
    this.#timeoutMs = timeoutMs;
    this.#onEnd = onEnd;
  }

  encode(out: ByteBuilder): void {
    addCommand(out, 3);
    addTextWord(out, "WAIT");
    addTextWord(out, String(this.#replicas));
    addTextWord(out, String(this.#timeoutMs));
  }

  onEnd(): void {
    this.#onEnd(this);
  }
}
