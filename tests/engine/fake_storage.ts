/** A storage for tests, which decide when a sync ends and whether a write fails. */
import {
  type Change,
  type FsyncPolicy,
  type Storage,
  WriteError,
} from "../../lib/storage/storage.ts";
import { type TextChange, textsOfChange } from "./requests.ts";

/** Stores the changes in a list. */
export class FakeStorage implements Storage {
  readonly durability: "memory" | FsyncPolicy;
  readonly tableId = "00000000-0000-4000-8000-000000000000";
  /** All written changes in order, number N at index N - 1. */
  readonly written: TextChange[] = [];
  /** The error of the next writes; undefined: they succeed. */
  writeError: string | undefined;
  /** Called at each write, even if it fails. */
  onWrite: (failed: boolean) => void = () => {};
  syncsNow = 0;
  durableChanges = 0;
  readonly #onSync: () => void;
  #batch: TextChange[] = [];
  #syncs: { seq: number; done: () => void }[] = [];

  /** @param onSync called during each sync */
  constructor(durability: "memory" | FsyncPolicy = "always", onSync: () => void = () => {}) {
    this.durability = durability;
    this.#onSync = onSync;
  }

  get writtenSeq(): number {
    return this.written.length;
  }

  get durableSeq(): number {
    return this.durability === "always" ? this.durableChanges : this.writtenSeq;
  }

  /** Syncs in the background that have not ended. */
  get pendingSyncs(): number {
    return this.#syncs.length;
  }

  /** All changes, written or in the open batch. */
  get changes(): TextChange[] {
    return [...this.written, ...this.#batch];
  }

  append(change: Change): number {
    return this.written.length + this.#batch.push(textsOfChange(change));
  }

  write(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.onWrite(this.writeError !== undefined);
    if (this.writeError !== undefined) throw new WriteError(this.writeError);
    this.written.push(...batch);
  }

  syncNow(): void {
    this.syncsNow++;
    this.#onSync();
    this.durableChanges = this.writtenSeq;
  }

  sync(): Promise<void> {
    const seq = this.writtenSeq;
    return new Promise((done) => void this.#syncs.push({ seq, done }));
  }

  /** Ends the oldest sync in the background. */
  endSync(): void {
    const sync = this.#syncs.shift();
    if (sync === undefined) return;
    this.#onSync();
    this.durableChanges = Math.max(this.durableChanges, sync.seq);
    sync.done();
  }
}
