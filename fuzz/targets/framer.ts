/** The line framer: the lines of a stream do not depend on the places of its cuts. */
import { LineFramer, type LineProblem } from "../../lib/bytes/line_framer.ts";
import { anyBytes, mutate } from "../make/mutate.ts";
import { requestBytes } from "../make/requests.ts";
import { type Line, linesOf } from "../oracle/lines.ts";
import { joined } from "../../tests/helpers/streams.ts";
import { oneIn, pick, type Random } from "../source.ts";
import type { PartTarget } from "../target.ts";

/** The line limits, in bytes. */
const LIMITS = [9, 64, 1_000_000] as const;

/** A stream up to this length, in bytes, is cut at each of its bytes. */
const EVERY_CUT_BYTES = 40;

/** A framer, like `LineFramer`. */
export type Framer = Pick<
  LineFramer,
  "push" | "next" | "bytes" | "start" | "end" | "problem" | "partialBytes"
>;

/** @param framerOf makes the framer (default: that of the server) */
export function framerTarget(
  framerOf: (maxLineBytes: number) => Framer = (maxBytes) => new LineFramer(maxBytes),
): PartTarget {
  return {
    name: "framer",
    input: "stream of one to four request lines, given in pieces",
    share: 14,
    make: stream,
    check(input, random) {
      const limit = pick(random, LIMITS);
      const expected = linesOf(input, limit);
      for (const cuts of cutsOf(input.length, random)) {
        const problem = differs(framerOf(limit), input, cuts, expected, limit);
        if (problem !== undefined) return `cut at ${cuts.join(", ") || "no byte"}: ${problem}`;
      }
      return undefined;
    },
  };
}

function stream(random: Random): Uint8Array {
  if (oneIn(random, 3)) return anyLines(random);
  const parts = Array.from({ length: 1 + random.below(4) }, () => requestBytes(random));
  return joined(parts);
}

/** Few different bytes, so that line ends are at all positions. */
function anyLines(random: Random): Uint8Array {
  if (oneIn(random, 4)) return anyBytes(random, 80);
  const bytes = new Uint8Array(random.below(EVERY_CUT_BYTES + 1));
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = pick(random, [10, 10, 13, 97, 98, 0xc3, 0xa9, 0xff]);
  }
  return oneIn(random, 4) ? mutate(bytes, random) : bytes;
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

function differs(
  framer: Framer,
  input: Uint8Array,
  cuts: readonly number[],
  expected: readonly Line[],
  limit: number,
): string | undefined {
  let number = 0;
  let start = 0;
  for (const end of [...cuts, input.length]) {
    // A buffer of its own, with a line end after the piece, which is overwritten later.
    const buffer = new Uint8Array(end - start + 2).fill(10);
    buffer.set(input.subarray(start, end));
    framer.push(buffer, end - start);
    while (framer.next()) {
      const wanted = expected[number];
      if (wanted === undefined) return `there are more than ${expected.length} lines`;
      if (!isLine(framer, wanted)) return `line ${number + 1} is wrong`;
      number++;
    }
    if (framer.partialBytes > limit + 1) return `it keeps ${framer.partialBytes} bytes`;
    buffer.fill(0x58);
    start = end;
  }
  return number === expected.length ? undefined : `${expected.length - number} lines are missing`;
}

function isLine({ problem, bytes, start, end }: Framer, wanted: Line): boolean {
  if (typeof wanted === "string") return problem === (wanted satisfies LineProblem);
  if (problem !== undefined || end - start !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at++) if (bytes[start + at] !== wanted[at]) return false;
  return true;
}
