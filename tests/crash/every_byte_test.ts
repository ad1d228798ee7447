/**
 * Cuts a log and a checkpoint at every byte, and changes every byte. Proves that each start either recovers
 * a prefix of the history with every whole record of the file, or refuses with file and byte (I4).
 */
import { isLong } from "../helpers/long.ts";
import {
  assertSame,
  Findings,
  findLineStarts,
  type Folder,
  HISTORY,
  LF,
  makeCheckpoint,
  makeLog,
  RECORDS,
  start,
} from "./file_start.ts";

/** The bits to change in a byte: the lowest, the one of letter case, the highest, all others, or all. */
const FLIPS = [0x01, 0x20, 0x80, 0x7f, 0xff];

/** The bits to change of the byte at an offset: all of them in the long form, else one. */
function flipsAt(offset: number): readonly number[] {
  const at = offset % FLIPS.length;
  return isLong ? FLIPS : FLIPS.slice(at, at + 1);
}

/** Changes one byte of a file. */
function flipByte({ files, history }: Folder, file: string, at: number, flip: number): Folder {
  const bytes = files[file]?.slice() ?? new Uint8Array(0);
  bytes[at] = (bytes[at] ?? 0) ^ flip;
  return { files: { ...files, [file]: bytes }, history };
}

/** Ways in which a log ends at a byte. */
const ENDS: Readonly<Record<string, (log: Uint8Array, length: number) => Uint8Array>> = {
  "cut off": (log, length) => log.slice(0, length),
  "zeros": (log, length) => log.slice().fill(0, length),
};

for (const [what, end] of Object.entries(ENDS)) {
  Deno.test(`every byte: a log whose end is ${what} from any byte on recovers all its whole records`, async () => {
    const all = await makeLog(HISTORY);
    const log = all.files["table.txn"] ?? new Uint8Array(0);
    const findings = new Findings();
    for (let length = 0; length <= log.length; length++) {
      await findings.check(`${what} from byte ${length}`, async () => {
        const whole = log.subarray(0, length).filter((byte) => byte === LF).length;
        const expected = whole === 0 ? { refusedAt: 0 } : { lastSeq: whole - 1 };
        assertSame(
          await start({ ...all, files: { "table.txn": end(log, length) } }, "table.txn"),
          expected,
        );
      });
    }
    findings.end();
  });
}

Deno.test("every byte: a log with one changed byte recovers all its whole records, or is refused", async () => {
  const findings = new Findings();
  // Short logs too: few records prove the damage.
  for (const count of [1, 2, 3, RECORDS]) {
    const all = await makeLog(HISTORY.slice(0, count));
    const log = all.files["table.txn"] ?? new Uint8Array(0);
    const starts = findLineStarts(log);
    for (let at = 0; at < log.length; at++) {
      const line = starts.findLastIndex((offset) => offset <= at);
      for (const flip of flipsAt(at)) {
        await findings.check(`byte ${at} ^ ${flip} of ${count} records, line ${line}`, async () => {
          const outcome = await start(flipByte(all, "table.txn", at, flip), "table.txn");
          // Only the last record can be a torn write; a whole record follows all others.
          const isLast = line === count;
          assertSame(outcome, isLast ? { lastSeq: count - 1 } : { refusedAt: starts[line] });
        });
      }
    }
  }
  findings.end();
});

Deno.test("every byte: a checkpoint that is cut or has one changed byte is refused", async () => {
  const all = await makeCheckpoint();
  const bytes = all.files["table.ckpt"] ?? new Uint8Array(0);
  const starts = findLineStarts(bytes);
  const lineOf = (at: number) => starts.findLastIndex((offset) => offset <= at);
  const findings = new Findings();
  for (let length = 0; length < bytes.length; length++) {
    await findings.check(`cut to ${length} bytes`, async () => {
      const cut = { ...all, files: { ...all.files, "table.ckpt": bytes.slice(0, length) } };
      const isBetween = length === 0 || bytes[length - 1] === LF;
      const refusedAt = isBetween ? length : starts[lineOf(length - 1)];
      assertSame(await start(cut, "table.ckpt"), { refusedAt });
    });
  }
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of flipsAt(at)) {
      await findings.check(`byte ${at} ^ ${flip}`, async () => {
        const refusedAt = starts[lineOf(at)];
        assertSame(await start(flipByte(all, "table.ckpt", at, flip), "table.ckpt"), {
          refusedAt,
        });
      });
    }
  }
  findings.end();
});
