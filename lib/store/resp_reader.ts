/**
 * A reader of RESP2, the protocol of Redis and Valkey (redis.io/docs/latest/develop/reference/protocol-spec). It
 * passes each reply piece by piece to the command that waits for it, for any split of the bytes.
 *
 * A reply is one of these, and every line ends with CR LF:
 *
 * - `+<text>`: a simple string;
 * - `-<code> <text>`: an error;
 * - `:<integer>`;
 * - `$<bytes>`, then that many bytes and CR LF: a bulk string; `$-1`: nil;
 * - `*<elements>`, then that many replies: an array; `*-1`: nil.
 *
 * A node may be broken or hostile (I9). So each length, count and depth has a bound (I5), and the first byte
 * that is not RESP2 ends the connection.
 *
 * One file because all its parts change the same state.
 */
import type { Fifo } from "../base/fifo.ts";
import { ByteBuilder, copyBytes } from "../bytes/byte_builder.ts";
import { textAt } from "../bytes/span.ts";
import type { LinkCommand } from "./node_link.ts";

/** The bounds of a reply. A longer one ends the connection. */
export interface RespLimits {
  /** Longest bulk string, in bytes, also of those that are not taken. */
  readonly stringBytes: number;
  /** Longest simple string or error, in bytes. */
  readonly lineBytes: number;
  /** Most elements of one array. They cost nothing here; the receiver has its own bound. */
  readonly elements: number;
  /** Deepest nesting of arrays. */
  readonly depth: number;
}

/** The bounds for a table: a value has at most 64 MiB, and its key and some words come beside it. */
export const RESP_LIMITS: RespLimits = {
  stringBytes: 65 * 1024 * 1024,
  lineBytes: 65_536,
  elements: 16_777_216,
  depth: 8,
};

/** The bytes are not RESP2, or pass a bound. The message is the end of a sentence. */
export class RespError extends Error {
  override name = "RespError";
}

/** A bulk string in several pieces is joined in a buffer of this size, in bytes, or in one of its own. */
const JOIN_BYTES = 4_096;

/** The code of an error that no node replies: this process has no memory for a string. */
export const NO_MEMORY = "NOMEMORY";

/** Most digits of a number: those of the largest safe integer. */
const MAX_DIGITS = 16;

const CR = 13, LF = 10, PLUS = 43, MINUS = 45, ZERO = 48;
const SIMPLE = 43, ERROR = 45, INTEGER = 58, BULK = 36, ARRAY = 42;

/** What the next byte belongs to. */
const State = {
  /** The type of a reply or element. */
  type: 0,
  /** The number of an integer, bulk string or array. */
  number: 1,
  /** The LF after that number. */
  numberEnd: 2,
  /** The text of a simple string or error. */
  line: 3,
  /** The bytes of a bulk string. */
  bulk: 4,
  /** The CR after a bulk string. */
  bulkEnd: 5,
  /** The LF after a string or error. */
  end: 6,
  /** The reader is stopped, or the bytes were wrong. */
  stopped: 7,
} as const;

/** A reader of the replies of one connection. */
export class RespReader {
  readonly #commands: Fifo<LinkCommand>;
  readonly #limits: RespLimits;
  #state: typeof State[keyof typeof State] = State.type;
  /** The command of the current reply; undefined: between two replies. */
  #command: LinkCommand | undefined;
  /** The missing elements of each open array. */
  readonly #missing: number[] = [];
  #type = 0;
  /** The digits of the current number, their number, and the sign before them (0: none). */
  #value = 0;
  #digits = 0;
  #sign = 0;
  /** The part of a simple string or error that came with earlier bytes. */
  readonly #line = new ByteBuilder(new Uint8Array(64));
  /** Whether the bulk string is received; its length, and the bytes that came so far. */
  #isTaken = false;
  #length = 0;
  #came = 0;
  /** Joins a bulk string that comes in pieces. */
  #joined: Uint8Array | undefined;
  #shortJoined: Uint8Array | undefined;

  /**
   * @param commands those that wait for a reply, in order; each is removed right before its `onEnd`
   * @param limits (default: `RESP_LIMITS`)
   */
  constructor(commands: Fifo<LinkCommand>, limits: RespLimits = RESP_LIMITS) {
    this.#commands = commands;
    this.#limits = limits;
  }

  /** Bytes of an incomplete string that are kept, about. */
  get bufferedBytes(): number {
    return this.#line.bytes.length + (this.#joined?.length ?? 0);
  }

  /** Stops permanently: no receiver is called after that, also if one calls it. */
  stop(): void {
    this.#state = State.stopped;
    this.#command = undefined;
    this.#joined = undefined;
  }

  /**
   * Reads the first bytes of a buffer, which the caller may overwrite afterwards.
   *
   * @throws {RespError} if they are not replies to the commands; the reader is then stopped
   */
  push(bytes: Uint8Array, end: number = bytes.length): void {
    let at = 0;
    while (at < end) {
      switch (this.#state) {
        case State.type:
          this.#begin(bytes[at++] ?? 0);
          break;
        case State.number:
          at = this.#readNumber(bytes, at, end);
          break;
        case State.numberEnd:
          if (bytes[at++] !== LF) this.#reject("a number does not end with CR LF");
          this.#onNumber();
          break;
        case State.line:
          at = this.#readLine(bytes, at, end);
          break;
        case State.bulk:
          at = this.#readBulk(bytes, at, end);
          break;
        case State.bulkEnd:
          if (bytes[at++] !== CR) this.#reject("a string is longer than announced");
          this.#state = State.end;
          break;
        case State.end:
          if (bytes[at++] !== LF) this.#reject("a string does not end with CR LF");
          this.#endElement();
          break;
        case State.stopped:
          return;
      }
    }
  }

  /** Any call of a command may have stopped the reader. */
  #isStopped(): boolean {
    return this.#state === State.stopped;
  }

  #reject(why: string): never {
    this.stop();
    throw new RespError(why);
  }

  /** Begins a reply or an element with its type. */
  #begin(type: number): void {
    if (this.#command === undefined) {
      const command = this.#commands.at(0);
      if (command === undefined) this.#reject("a reply came without a command");
      this.#command = command;
      command.begin();
      if (this.#isStopped()) return;
    }
    this.#type = type;
    switch (type) {
      case INTEGER:
      case BULK:
      case ARRAY:
        this.#value = this.#digits = this.#sign = 0;
        this.#state = State.number;
        return;
      case SIMPLE:
      case ERROR:
        this.#line.length = 0;
        this.#state = State.line;
        return;
      default:
        this.#reject("it sent bytes that are not RESP2");
    }
  }

  #readNumber(bytes: Uint8Array, at: number, end: number): number {
    let value = this.#value, digits = this.#digits;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        if (++digits > MAX_DIGITS) this.#reject("a number is too long");
      } else if (byte === CR) {
        if (digits === 0) this.#reject("a number has no digits");
        this.#state = State.numberEnd;
        at++;
        break;
      } else if ((byte === MINUS || byte === PLUS) && digits === 0 && this.#sign === 0) {
        this.#sign = byte;
      } else this.#reject("a number has other characters");
    }
    this.#value = value;
    this.#digits = digits;
    return at;
  }

  #onNumber(): void {
    const value = this.#value, isNegative = this.#sign === MINUS;
    if (this.#type === INTEGER) {
      if (value > Number.MAX_SAFE_INTEGER) this.#reject("an integer is too large");
      this.#command?.onInteger(isNegative ? 0 - value : value);
      this.#endElement();
    } else if (isNegative) {
      if (value !== 1) this.#reject("a length is negative");
      this.#command?.onNil();
      this.#endElement();
    } else if (this.#type === ARRAY) this.#beginArray(value);
    else this.#beginBulk(value);
  }

  #beginArray(elements: number): void {
    const most = this.#limits;
    if (elements > most.elements) this.#reject(`an array has more than ${most.elements} elements`);
    if (elements > 0) {
      if (this.#missing.length === most.depth) this.#reject("its arrays are nested too deeply");
      this.#missing.push(elements);
      this.#state = State.type;
    }
    this.#command?.onArray(elements);
    if (elements === 0) this.#endElement();
  }

  #beginBulk(length: number): void {
    const { stringBytes } = this.#limits;
    if (length > stringBytes) this.#reject(`a string has more than ${stringBytes} bytes`);
    this.#length = length;
    this.#came = 0;
    this.#state = State.bulk;
    this.#isTaken = this.#command?.takesString(length) ?? false;
  }

  #readBulk(bytes: Uint8Array, at: number, end: number): number {
    const length = this.#length, came = this.#came;
    const next = Math.min(end, at + length - came);
    this.#came += next - at;
    const isComplete = this.#came === length;
    if (isComplete) this.#state = State.bulkEnd;
    if (!this.#isTaken) return next;
    if (isComplete && came === 0) {
      this.#command?.onString(bytes, at, next);
      return next;
    }
    const joined = this.#joined ??= this.#bufferFor(length);
    if (joined === undefined) {
      this.#isTaken = false;
      const why = `this server has no memory for a string of ${length} bytes`;
      this.#command?.onError(NO_MEMORY, `${NO_MEMORY} ${why}`);
      return next;
    }
    copyBytes(bytes, at, next, joined, came);
    if (isComplete) {
      this.#joined = undefined;
      this.#command?.onString(joined, 0, length);
    }
    return next;
  }

  /** @returns undefined: there is no memory for it */
  #bufferFor(length: number): Uint8Array | undefined {
    if (length <= JOIN_BYTES) return this.#shortJoined ??= new Uint8Array(JOIN_BYTES);
    try {
      return new Uint8Array(length);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return undefined;
    }
  }

  #readLine(bytes: Uint8Array, at: number, end: number): number {
    let cr = at;
    while (cr < end && bytes[cr] !== CR && bytes[cr] !== LF) cr++;
    const line = this.#line;
    if (line.length + cr - at > this.#limits.lineBytes) this.#reject("a line is too long");
    if (cr === end) {
      line.add(bytes, at, end);
      return end;
    }
    if (bytes[cr] === LF) this.#reject("a line does not end with CR LF");
    this.#state = State.end;
    if (line.length === 0) this.#onLine(bytes, at, cr);
    else {
      line.add(bytes, at, cr);
      this.#onLine(line.bytes, 0, line.length);
    }
    return cr + 1;
  }

  #onLine(bytes: Uint8Array, start: number, end: number): void {
    const command = this.#command;
    if (this.#type === ERROR) {
      const message = textAt(bytes, start, end);
      command?.onError(message.split(" ", 1)[0] ?? "", message);
    } else if (command?.takesString(end - start) && !this.#isStopped()) {
      command.onString(bytes, start, end);
    }
  }

  /** Ends an element, the arrays of which it is the last one, and the reply. */
  #endElement(): void {
    if (this.#isStopped()) return;
    this.#state = State.type;
    const missing = this.#missing;
    while (missing.length > 0) {
      const left = (missing[missing.length - 1] ?? 0) - 1;
      missing[missing.length - 1] = left;
      if (left > 0) return;
      missing.pop();
    }
    const command = this.#command;
    this.#command = undefined;
    this.#commands.shift();
    command?.onEnd();
  }
}
