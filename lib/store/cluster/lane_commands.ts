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
 * Changes the key of a bucket and changes it back: a hash gets a field that no key has as its text (a bare
 * quote), and loses it; the table's description, a string, is set to itself. It is the key of a command before,
 * and no other one, because a node of a migrating slot refuses keys that it does not have. Nothing stays, which
 * a migration would meet.
 * `allow-oom`, because no read could be fenced otherwise in a node whose memory is full. `EVAL` with its text
 * needs no script that the node may have lost.
 */
const TOUCH = `#!lua flags=allow-oom
local key = KEYS[1]
if type(redis.pcall('HSET', key, '"', '')) == 'table' then
return redis.call('SET', key, redis.call('GET', key))
end
return redis.call('HDEL', key, '"')`;

/**
 * The fence: a small write behind commands that perhaps write nothing. `WAIT` covers the writes of its own
 * connection and all that came before them, so it also covers the changes of others that these commands saw.
 */
export class Fence extends ShortCommand {
  /** Whether the node has executed it. */
  isWritten = false;
  readonly #key: string;

  /** @param key of the bucket of a command before it */
  constructor(key: string) {
    super();
    this.#key = key;
  }

  encode(out: ByteBuilder): void {
    addCommand(out, 4);
    addTextWord(out, "EVAL");
    addTextWord(out, TOUCH);
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
