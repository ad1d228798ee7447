/** The reader of a store's replies: they do not depend on the cuts, and wrong bytes end the connection. */
import { Fifo } from "../../lib/base/fifo.ts";
import type { LinkCommand } from "../../lib/store/node_link.ts";
import { RespError, RespReader } from "../../lib/store/resp_reader.ts";
import { joined, utf8 } from "../../tests/helpers/streams.ts";
import { anyBytes, mutate } from "../make/mutate.ts";
import { repliesOf, type Reply } from "../oracle/resp.ts";
import { oneIn, pick, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

/** Small bounds, so that inputs pass them. */
const LIMITS = { stringBytes: 5_000, lineBytes: 40, elements: 6, depth: 3 } as const;

/** A stream up to this length, in bytes, is cut at each of its bytes. */
const EVERY_CUT_BYTES = 40;

/** A reader, like `RespReader`. */
type Reader = Pick<RespReader, "push" | "bufferedBytes">;

/** @param readerOf makes the reader (default: that of the gateway) */
export function respTarget(
  readerOf: (commands: Fifo<LinkCommand>) => Reader = (commands) =>
    new RespReader(commands, LIMITS),
): PartTarget {
  return {
    name: "resp",
    input: "replies of a store, given in pieces",
    share: 8,
    make: stream,
    check(input, random) {
      const commands = oneIn(random, 8) ? random.below(3) : 50;
      const untaken = random.below(9);
      const takes = (bytes: number) => bytes % 9 !== untaken;
      const { replies, isWrong } = repliesOf(input, commands, LIMITS, takes);
      const expected = JSON.stringify(replies) + (isWrong ? " and wrong bytes" : "");
      for (const cuts of cutsOf(input.length, random)) {
        const actual = read(readerOf, input, cuts, commands, takes);
        if (actual === expected) continue;
        return `cut at ${
          cuts.join(", ") || "no byte"
        }: it is read as ${actual}, not as ${expected}`;
      }
      return undefined;
    },
  };
}

/** A command that keeps its reply as the oracle has it. */
class KeptReply implements LinkCommand {
  /** Undefined: it is not complete. */
  reply: Reply | undefined;
  readonly #takes: (bytes: number) => boolean;
  readonly #open: { readonly array: Reply[]; readonly length: number }[] = [];
  #value: Reply | undefined;

  constructor(takes: (bytes: number) => boolean) {
    this.#takes = takes;
  }

  encode(): void {}

  begin(): void {
    if (this.#value !== undefined || this.#open.length > 0) throw new Error("it begins twice");
  }

  onInteger(value: number): void {
    this.#add(value);
  }

  takesString(bytes: number): boolean {
    if (this.#takes(bytes)) return true;
    this.#add({ untaken: bytes });
    return false;
  }

  onString(bytes: Uint8Array, start: number, end: number): void {
    this.#add(`$${latin1(bytes.subarray(start, end))}`);
  }

  onNil(): void {
    this.#add(null);
  }

  onArray(elements: number): void {
    const array: Reply[] = [];
    if (elements > 0) this.#open.push({ array, length: elements });
    else this.#add(array);
  }

  onError(code: string, message: string): void {
    if (message.split(" ")[0] !== code) throw new Error("the code is wrong");
    this.#add(`-${message}`);
  }

  onEnd(): void {
    if (this.#value === undefined || this.reply !== undefined) throw new Error("a wrong end");
    this.reply = this.#value;
  }

  #add(value: Reply): void {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      last.array.push(value);
      if (last.array.length < last.length) return;
      this.#open.pop();
      value = last.array;
    }
    if (this.#value !== undefined) throw new Error("a second value");
    this.#value = value;
  }
}

function read(
  readerOf: (commands: Fifo<LinkCommand>) => Reader,
  input: Uint8Array,
  cuts: readonly number[],
  count: number,
  takes: (bytes: number) => boolean,
): string {
  const commands = Array.from({ length: count }, () => new KeptReply(takes));
  const waiting = new Fifo<LinkCommand>();
  for (const command of commands) waiting.push(command);
  const reader = readerOf(waiting);
  let isWrong = false;
  let start = 0;
  try {
    for (const end of [...cuts, input.length]) {
      // A buffer of its own, with a reply after the piece, which is overwritten later.
      const buffer = new Uint8Array(end - start + 4).fill(13);
      buffer.set(input.subarray(start, end));
      reader.push(buffer, end - start);
      buffer.fill(0x58);
      start = end;
      if (reader.bufferedBytes > 2 * LIMITS.stringBytes) return "too much memory";
    }
  } catch (error) {
    if (!(error instanceof RespError)) throw error;
    isWrong = true;
  }
  const replies = commands.map(({ reply }) => reply).filter((reply) => reply !== undefined);
  if (waiting.length !== count - replies.length) return `${waiting.length} waiting commands`;
  return JSON.stringify(replies) + (isWrong ? " and wrong bytes" : "");
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Positions of the cuts, in several ways. */
function* cutsOf(length: number, random: Random): Generator<number[]> {
  yield [];
  if (length <= EVERY_CUT_BYTES && oneIn(random, 6)) {
    for (let at = 1; at < length; at++) yield [at];
    yield Array.from({ length: Math.max(0, length - 1) }, (_, at) => at + 1);
  }
  for (let ways = 2; ways > 0; ways--) {
    const count = 1 + random.below(6);
    yield Array.from({ length: count }, () => random.below(length + 1)).sort((a, b) => a - b);
  }
}

function stream(random: Random): Uint8Array {
  if (oneIn(random, 20)) return anyBytes(random, 60);
  const parts = Array.from({ length: 1 + random.below(5) }, () => reply(random, 0));
  const bytes = joined(parts);
  return oneIn(random, 3) ? mutate(bytes, random) : bytes;
}

/** A reply, which is right in most cases. */
function reply(random: Random, depth: number): Uint8Array {
  switch (random.below(depth === 0 ? 9 : 7)) {
    case 0:
      return utf8(
        `+${pick(random, ["OK", "", "PONG", "x".repeat(40), "x".repeat(41), "a\nb"])}\r\n`,
      );
    case 1:
      return utf8(
        `-${pick(random, ["ERR no", "MOVED 3999 127.0.0.1:6381", "OOM", "", " x", "NO  y"])}\r\n`,
      );
    case 2:
      return utf8(`:${pick(random, INTEGERS)}\r\n`);
    case 3:
      return utf8(pick(random, ["$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n", "_\r\n", "*-2\r\n"]));
    case 4:
    case 5:
      return bulk(random);
    default: {
      const elements = random.below(oneIn(random, 20) ? 8 : 5);
      const inner = Array.from({ length: elements }, () => reply(random, depth + 1));
      return joined([utf8(`*${elements}\r\n`), ...inner]);
    }
  }
}

const INTEGERS = [
  ...["0", "1", "-1", "+7", "-0", "12345678", "", "-", "+-1", "00012", "1.5", "1e3", " 1"],
  ...["9007199254740991", "-9007199254740991", "9007199254740992", "99999999999999999", "-01"],
] as const;

function bulk(random: Random): Uint8Array {
  const length = oneIn(random, 30) ? 3_000 + random.below(2_500) : random.below(12);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = pick(random, [10, 13, 36, 42, 97, 0, 0xff]);
  const announced = oneIn(random, 15) ? Math.max(0, length + random.below(3) - 1) : length;
  return joined([utf8(`$${announced}\r\n`), bytes, utf8("\r\n")]);
}
