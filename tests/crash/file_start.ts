/** The start of a server on changed files of a log and a checkpoint, for tests of damage. */
import assert from "assert";
import { DamageError } from "../../lib/storage/recovery/recovery.ts";
import type { Change } from "../../lib/storage/storage.ts";
import { insertOf, removeOf } from "../storage/changes.ts";
import { pairsAfter, pairsOf, startOn } from "../engine/durable_engine.ts";
import { SimulatedDisk } from "./simulated/simulated_disk.ts";

export const RECORDS = 50;
export const LF = 10;

/** The files of a folder, and the changes in them. */
export interface Folder {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly history: readonly Change[];
}

/** A history with all kinds of text. */
export const HISTORY: readonly Change[] = Array.from({ length: RECORDS }, (_, at): Change => {
  const key = at % 7 === 6 ? 'key "\\\ud800' : `key ${at % 7}`;
  if (at % 5 === 3) return removeOf(key);
  return insertOf(key, [`${at}`, '"\u00e4\u20ac"', '{"a":[1.0,"b"]}'][at % 3] ?? "");
});

/** Commits each change, and returns the files. */
export async function makeLog(history: readonly Change[]): Promise<Folder> {
  const disk = new SimulatedDisk();
  const { storage } = await startOn(disk);
  for (const change of history) {
    storage.append(change);
    storage.write();
    storage.syncNow();
  }
  await storage.close();
  return { files: disk.files, history };
}

/** Makes a checkpoint of the whole history, and an empty log. */
export async function makeCheckpoint(): Promise<Folder> {
  const disk = SimulatedDisk.of((await makeLog(HISTORY)).files);
  const { storage } = await startOn(disk, { entries: 1 });
  storage.append(removeOf("no such key"));
  storage.write();
  await storage.checkpointing;
  await storage.close();
  return { files: disk.files, history: [...HISTORY, removeOf("no such key")] };
}

/** Finds the start of each line of a file. */
export function findLineStarts(bytes: Uint8Array): number[] {
  const starts = [0];
  for (const [at, byte] of bytes.entries()) {
    if (byte === LF && at + 1 < bytes.length) starts.push(at + 1);
  }
  return starts;
}

/** The result of a start. */
export type Outcome = { readonly lastSeq: number } | { readonly refusedAt: number };

/** Starts on files, and proves that the result is a prefix of the history or a refusal. */
export async function start({ files, history }: Folder, file: string): Promise<Outcome> {
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
      assert.deepEqual(
        disk.bytesOf(tornCopy),
        kept,
        "the copy differs from the bytes that were cut off",
      );
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

/** Asserts that two outcomes are equal, with a message of one line. */
export function assertSame(outcome: Outcome, expected: object): void {
  assert.equal(JSON.stringify(outcome), JSON.stringify(expected));
}

/** Collects failures, so that the test reports all of them. */
export class Findings {
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
