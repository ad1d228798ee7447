/**
 * Cuts a log and a checkpoint at every byte, and changes every byte. Proves that each start either recovers
 * a prefix of the history with every whole record of the file, or refuses with file and byte (I4).
 */
import assert from "assert";
import { DamageError } from "../../lib/storage/recovery/recovery.ts";
import type { Change } from "../../lib/storage/storage.ts";
import { insertOf, removeOf } from "../storage/changes.ts";
import { fileOf } from "../storage/folder_contents.ts";
import { pairsAfter, pairsOf, startOn } from "../engine/durable_engine.ts";
import { SimulatedDisk } from "./simulated/simulated_disk.ts";
import { isLong } from "../helpers/long.ts";
import { utf8 } from "../helpers/streams.ts";

const RECORDS = 50;
const LF = 10;

/** Changed bits of a byte: one, that of letter case and of blank or NUL, the sign, all others, and all. */
const FLIPS = [0x01, 0x20, 0x80, 0x7f, 0xff];

/** The bits to change of the byte at an offset: all of them in the long form, else one. */
function flipsAt(offset: number): readonly number[] {
  const at = offset % FLIPS.length;
  return isLong ? FLIPS : FLIPS.slice(at, at + 1);
}

/** The files of a folder, and the changes in them. */
interface Folder {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly history: readonly Change[];
}

/** A history with all kinds of text. */
const HISTORY: readonly Change[] = Array.from({ length: RECORDS }, (_, at): Change => {
  const key = at % 7 === 6 ? 'key "\\\ud800' : `key ${at % 7}`;
  if (at % 5 === 3) return removeOf(key);
  return insertOf(key, [`${at}`, '"\u00e4\u20ac"', '{"a":[1.0,"b"]}'][at % 3] ?? "");
});

/** Commits each change, and returns the files. */
async function makeLog(history: readonly Change[]): Promise<Folder> {
  const disk = new SimulatedDisk();
  const { storage } = await startOn(disk);
  for (const change of history) {
    storage.append(change);
    storage.write();
    storage.syncNow();
  }
  await storage.close();
  return { files: filesOf(disk), history };
}

/** Makes a checkpoint of the whole history, and an empty log. */
async function makeCheckpoint(): Promise<Folder> {
  const disk = SimulatedDisk.of((await makeLog(HISTORY)).files);
  const { storage } = await startOn(disk, { entries: 1 });
  storage.append(removeOf("no such key"));
  storage.write();
  await storage.checkpointing;
  await storage.close();
  return { files: filesOf(disk), history: [...HISTORY, removeOf("no such key")] };
}

function filesOf(disk: SimulatedDisk): Record<string, Uint8Array> {
  return Object.fromEntries(disk.names.map((name) => [name, disk.bytesOf(name)]));
}

/** Finds the start of each line of a file. */
function findLineStarts(bytes: Uint8Array): number[] {
  const starts = [0];
  for (const [at, byte] of bytes.entries()) {
    if (byte === LF && at + 1 < bytes.length) starts.push(at + 1);
  }
  return starts;
}

/** The result of a start. */
type Outcome = { readonly lastSeq: number } | { readonly refusedAt: number };

/** Starts on files, and proves that the result is a prefix of the history or a refusal. */
async function start({ files, history }: Folder, file: string): Promise<Outcome> {
  const disk = SimulatedDisk.of(files);
  try {
    const { recovery, storage, table } = await startOn(disk);
    await storage.checkpointing;
    await storage.close();
    assert.deepEqual(
      pairsOf(table),
      pairsAfter(history, recovery.lastSeq),
      "the table is not that of a prefix",
    );
    assert.equal(disk.openFiles, 0, "a file is open");
    const { tornCopy, tornBytes } = recovery;
    if (tornCopy !== undefined) {
      const kept = files[file]?.subarray(-tornBytes);
      assert.deepEqual(disk.bytesOf(tornCopy), kept, "the copy is not what was cut off");
    }
    return { lastSeq: recovery.lastSeq };
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    assert.equal(error.file, file);
    assert.match(
      error.message,
      new RegExp(`Cannot read simulated/${file}: .* at byte ${error.offset}\\.`),
    );
    assert.equal(disk.operations, 0, "the folder was changed");
    assert.equal(disk.openFiles, 0, "a file is open");
    return { refusedAt: error.offset };
  }
}

/** Changes one byte of a file. */
function flipByte({ files, history }: Folder, file: string, at: number, flip: number): Folder {
  const bytes = files[file]?.slice() ?? new Uint8Array(0);
  bytes[at] = (bytes[at] ?? 0) ^ flip;
  return { files: { ...files, [file]: bytes }, history };
}

/** Compares in one line. */
function assertSame(outcome: Outcome, expected: object): void {
  assert.equal(JSON.stringify(outcome), JSON.stringify(expected));
}

/** Collects failures, so that the test reports all of them. */
class Findings {
  readonly #all: string[] = [];
  tried = 0;

  async check(what: string, work: () => Promise<void>): Promise<void> {
    this.tried++;
    try {
      await work();
    } catch (error) {
      this.#all.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  }

  end(): void {
    console.log(`every byte: ${this.tried} starts`);
    assert.equal(
      this.#all.length,
      0,
      `${this.#all.length} of them:\n${this.#all.slice(0, 12).join("\n")}`,
    );
  }
}

Deno.test("every byte: a log that is cut anywhere gives back all its whole records", async () => {
  const all = await makeLog(HISTORY);
  const log = all.files["table.txn"] ?? new Uint8Array(0);
  const findings = new Findings();
  for (let length = 0; length <= log.length; length++) {
    await findings.check(`cut to ${length} bytes`, async () => {
      const whole = log.subarray(0, length).filter((byte) => byte === LF).length;
      const cut = { ...all, files: { "table.txn": log.slice(0, length) } };
      const expected = whole === 0 ? { refusedAt: 0 } : { lastSeq: whole - 1 };
      assertSame(await start(cut, "table.txn"), expected);
    });
  }
  findings.end();
});

Deno.test("every byte: zeros in place of a log's end are cut off, wherever they start", async () => {
  const all = await makeLog(HISTORY);
  const log = all.files["table.txn"] ?? new Uint8Array(0);
  const headerBytes = findLineStarts(log)[1] ?? 0;
  const findings = new Findings();
  for (let length = headerBytes; length < log.length; length++) {
    await findings.check(`zeros from byte ${length}`, async () => {
      const whole = log.subarray(0, length).filter((byte) => byte === LF).length;
      const zeroed = { ...all, files: { "table.txn": log.slice().fill(0, length) } };
      assertSame(await start(zeroed, "table.txn"), { lastSeq: whole - 1 });
    });
  }
  findings.end();
});

Deno.test("every byte: a log with one changed byte gives back all its whole records, or is refused", async () => {
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

Deno.test("every byte: a whole record that holds no change is refused", async () => {
  for (
    const json of ["null", '{"method":"lookup","key":"a"}', '{"method":"insert","key":"a"}', ""]
  ) {
    const log = fileOf('{"htserver":"txn","version":1}', json);
    assertSame(await start({ files: { "table.txn": log }, history: [] }, "table.txn"), {
      refusedAt: findLineStarts(log)[1],
    });
  }
});

Deno.test("every byte: an unknown version is refused and named", async () => {
  const { files } = await makeCheckpoint();
  for (const [file, kind] of [["table.txn", "txn"], ["table.ckpt", "ckpt"]] as const) {
    for (const version of ["2", '"1"', "null", "[1]", undefined]) {
      const member = version === undefined ? "" : `"version":${version},`;
      const header = fileOf(`{"htserver":"${kind}",${member}"covers":0}`);
      const disk = SimulatedDisk.of({ ...files, [file]: header });
      await assert.rejects(startOn(disk), (error) => {
        assert.ok(error instanceof DamageError);
        assert.equal(error.file, file);
        assert.equal(error.offset, 0);
        assert.ok(error.message.includes(`version`) && error.message.includes("knows 1"));
        return true;
      });
    }
  }
});

Deno.test("every byte: a file of another kind is refused", async () => {
  const all = await makeCheckpoint();
  const { "table.txn": log = new Uint8Array(0), "table.ckpt": checkpoint = new Uint8Array(0) } =
    all.files;
  const others = {
    "the other one of the two": undefined,
    "a text": utf8("Dear table,\nhow are you?\n" + "I am fine.\n".repeat(20)),
    "a short text": utf8("Dear table,\n"),
    "a long line": utf8("x".repeat(5_000)),
    "JSON": utf8('{"htserver":"txn","version":1}\n{"method":"insert","key":"a","value":1}\n'),
    "random bytes": Uint8Array.from({ length: 3_000 }, (_, at) => (at * 7919) >> 3 & 255),
  };
  const findings = new Findings();
  for (const [what, bytes] of Object.entries(others)) {
    await findings.check(`${what} as log`, async () => {
      const files = { ...all.files, "table.txn": bytes ?? checkpoint };
      assertSame(await start({ ...all, files }, "table.txn"), { refusedAt: 0 });
    });
    await findings.check(`${what} as checkpoint`, async () => {
      const files = { ...all.files, "table.ckpt": bytes ?? log };
      assertSame(await start({ ...all, files }, "table.ckpt"), { refusedAt: 0 });
    });
  }
  findings.end();
});

Deno.test("every byte: files of an interrupted checkpoint do no harm, and are removed", async () => {
  const { files, history } = await makeLog(HISTORY);
  const empty = fileOf('{"htserver":"txn","version":1}');
  const leftovers: readonly Record<string, Uint8Array>[] = [
    { "table.ckpt.new": utf8("half a checkp") },
    { "table.ckpt.new": new Uint8Array(0), "table.txn.new": new Uint8Array(0) },
    { "table.txn.1": empty },
    { "table.txn.3": empty, "table.txn.new": empty.slice(0, 20) },
    { "table.txn.1": empty, "table.txn.2": empty, "table.ckpt.new": empty },
  ];
  for (const leftover of leftovers) {
    const disk = SimulatedDisk.of({ ...files, ...leftover });
    const { recovery, storage, table } = await startOn(disk);
    assert.equal(recovery.lastSeq, RECORDS);
    assert.deepEqual(pairsOf(table), pairsAfter(history, RECORDS));
    await storage.checkpointing;
    await storage.close();
    const strays = disk.names.filter((name) => !/^table\.(txn|ckpt|torn\.1)$/.test(name));
    assert.deepEqual(strays, [], Object.keys(leftover).join());
    const again = await startOn(disk.crashed(1));
    assert.deepEqual(pairsOf(again.table), pairsAfter(history, RECORDS));
    await again.storage.close();
  }
});
