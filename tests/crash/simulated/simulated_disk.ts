/**
 * A data folder in memory that can be in any state that a power failure leaves.
 *
 * The operating system has the written bytes. Only `sync` makes the bytes of a file durable, and only
 * `syncFolder` its name. Every change of the folder is a numbered operation: a test can make it fail, and
 * can copy the folder before, during and after it.
 *
 * One file because it implements one interface, `Files`, on one state.
 */
import type { FileInfo, OpenFile } from "../../../lib/storage/folder/file_system.ts";
import type {
  Files,
  FileStatus,
  HeldFile,
  ReadableFile,
  WritableFile,
} from "../../../lib/storage/folder/folder_files.ts";
import { randomFrom } from "../../../bench/harness/random.ts";
import { joined } from "../../helpers/streams.ts";
import {
  change,
  crashBytes,
  currentBytes,
  durableFile,
  type FileVersions,
  lastVersion,
  makeDurable,
  resize,
} from "./simulated_file.ts";
import { SimulatedNames } from "./simulated_names.ts";

/** The kind of an operation. */
export type OperationKind =
  | "create"
  | "write"
  | "truncate"
  | "sync"
  | "rename"
  | "remove"
  | "syncFolder";

/** One operation; the operation of a sync is at the end of the sync. */
export interface Operation {
  /** From 1, in order. */
  readonly number: number;
  readonly kind: OperationKind;
  readonly name: string;
}

/** A moment of an operation; `during` is in the middle of a write. */
export type Moment = "before" | "during" | "after";

/** The failure of an operation. */
export interface Fault {
  readonly error: Error;
  /** Share of a write's bytes that is still written (default: 0). */
  readonly taken?: number;
}

/** The error of a full disk. */
export const noSpace = (): Error => new Error("No space left on device (os error 28)");

/** The error of a broken disk. */
export const ioError = (): Error => new Error("Input/output error (os error 5)");

/** Number of steps in which the space of a deferred delete is freed. */
const FREE_STEPS = 3;

/** Resolves after one round of the event loop, for tests that need no time. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Number of disks that exist. */
let devices = 0;

/** The folder. */
export class SimulatedDisk implements Files {
  readonly folder = "simulated";
  /** Number of operations so far. */
  operations = 0;
  /** Number of open files. */
  openFiles = 0;
  /** Called before each operation; returns the failure that it must have. */
  plan: (operation: Operation) => Fault | undefined = () => undefined;
  /** Called at each moment of each operation. */
  watch: (moment: Moment, operation: Operation) => void = () => {};
  /** Rounds of the event loop that a sync in the background takes (default: 1). */
  syncRounds: () => number = () => 1;
  #files = new Map<number, FileVersions>();
  #names = new SimulatedNames();
  #nextInode = 1;
  /** Inodes whose lock is held by an open file. */
  readonly #locked = new Set<number>();
  /** Different for each disk: device and inode identify a file. */
  readonly #device = ++devices;
  #heldSyncs: (PromiseWithResolvers<void> & { isHeld(name: string): boolean }) | undefined;

  /** Makes a folder with these files, all durable. */
  static of(files: Readonly<Record<string, Uint8Array>>): SimulatedDisk {
    const disk = new SimulatedDisk();
    const names: [string, number][] = [];
    for (const [name, bytes] of Object.entries(files)) {
      names.push([name, disk.#nextInode]);
      disk.#files.set(disk.#nextInode++, durableFile(bytes));
    }
    disk.#names = new SimulatedNames(names);
    return disk;
  }

  /**
   * Delays syncs in the background until `releaseSyncs`.
   *
   * @param isHeld whether to delay those of a file with this name (default: of all files)
   */
  holdSyncs(isHeld: (name: string) => boolean = () => true): void {
    this.#heldSyncs ??= { ...Promise.withResolvers<void>(), isHeld };
  }

  releaseSyncs(): void {
    this.#heldSyncs?.resolve();
    this.#heldSyncs = undefined;
  }

  /** Creates or replaces a file, as another program. */
  put(name: string, bytes: Uint8Array): void {
    const inode = this.#nextInode++;
    this.#files.set(inode, durableFile(bytes));
    this.#names.apply({ kind: "create", name, inode });
  }

  /** Cuts a file, as another program. */
  cut(name: string, bytes: number): void {
    this.#update(this.#inodeOf(name), (file) => resize(file, bytes));
  }

  /** The bytes of a file that the operating system has. */
  bytesOf(name: string): Uint8Array {
    return currentBytes(this.#file(this.#inodeOf(name)));
  }

  /** The bytes of all files, by their names. */
  get files(): Record<string, Uint8Array<ArrayBuffer>> {
    return Object.fromEntries(this.names.map((name) => [name, this.bytesOf(name).slice()]));
  }

  /** The folder after the process was killed: the operating system keeps the written bytes. */
  killed(): SimulatedDisk {
    const disk = new SimulatedDisk();
    disk.#files = new Map(this.#files);
    disk.#names = this.#names.copy();
    disk.#nextInode = this.#nextInode;
    return disk;
  }

  /** The folder after a power failure: the seed chooses one of many possible states. */
  crashed(seed: number): SimulatedDisk {
    const random = randomFrom(seed);
    const left: Record<string, Uint8Array> = {};
    for (const [name, inode] of this.#names.crashNames(random)) {
      left[name] = crashBytes(this.#file(inode), random);
    }
    return SimulatedDisk.of(left);
  }

  /** The sorted names, as from `list`. */
  get names(): string[] {
    return this.#names.list();
  }

  check(): void {}

  find(name: string): FileStatus | undefined {
    const inode = this.#names.inodeOf(name);
    return inode === undefined ? undefined : this.#status(inode);
  }

  findRead(name: string): FileStatus | undefined {
    return this.find(name);
  }

  list(): Promise<string[]> {
    return Promise.resolve(this.names);
  }

  size(name: string): number {
    return this.bytesOf(name).length;
  }

  openToWrite(name: string, how: "create" | "append"): WritableFile {
    if (how === "append") return this.#openToWrite(this.#inodeOf(name), name);
    const inode = this.#nextInode++;
    this.#operate("create", name, () => {
      if (this.#names.inodeOf(name) !== undefined) {
        throw new Deno.errors.AlreadyExists(`File exists (os error 17): ${name}`);
      }
      this.#files.set(inode, durableFile(new Uint8Array(0)));
      this.#names.apply({ kind: "create", name, inode });
    });
    return this.#openToWrite(inode, name);
  }

  openToRead(name: string): ReadableFile & OpenFile {
    const bytes = this.bytesOf(name);
    let at = 0;
    return {
      ...this.#open(this.#inodeOf(name)),
      readSync(into) {
        if (at >= bytes.length) return null;
        const part = bytes.subarray(at, at + into.length);
        into.set(part);
        at += part.length;
        return part.length;
      },
    };
  }

  rename(from: string, to: string): void {
    this.#operate("rename", `${from} to ${to}`, () => {
      this.#names.apply({ kind: "rename", from, to, inode: this.#inodeOf(from) });
    });
  }

  remove(name: string): void {
    this.#operate("remove", name, () => {
      this.#inodeOf(name);
      this.#names.apply({ kind: "remove", name });
    });
  }

  hold(name: string): HeldFile | undefined {
    const inode = this.#names.inodeOf(name);
    if (inode === undefined) return undefined;
    this.openFiles++;
    return {
      freeSpace: async () => {
        if (this.#names.namesOf(inode).length > 0) return;
        const { length } = currentBytes(this.#file(inode));
        for (let steps = FREE_STEPS - 1; steps >= 0; steps--) {
          await nextRound();
          this.#operate("truncate", name, () => {
            this.#update(inode, (file) => resize(file, Math.floor(length * steps / FREE_STEPS)));
          });
        }
      },
      close: () => void this.openFiles--,
    };
  }

  async syncFolder(): Promise<void> {
    const endSync = this.#names.startSync();
    await nextRound();
    this.#operate("syncFolder", "", endSync);
  }

  syncFolderNow(): void {
    this.#operate("syncFolder", "", () => this.#names.startSync()());
  }

  #openToWrite(inode: number, name: string): WritableFile {
    /** The name that the file has now, or the last one that it had. */
    const nameNow = () => name = this.#names.namesOf(inode)[0] ?? name;
    const append = (bytes: Uint8Array) => {
      if (bytes.length === 0) return;
      this.#update(inode, (file) => change(file, joined([currentBytes(file), bytes])));
    };
    const startSync = () => {
      const version = lastVersion(this.#file(inode));
      return () => this.#update(inode, (file) => makeDurable(file, version));
    };
    return {
      ...this.#open(inode),
      writeSync: (bytes) => {
        const half = Math.floor(bytes.length / 2);
        this.#operate("write", nameNow(), (during) => {
          append(bytes.subarray(0, half));
          during();
          append(bytes.subarray(half));
        }, (share) => append(bytes.subarray(0, Math.floor(bytes.length * share))));
        return bytes.length;
      },
      truncateSync: (length) => {
        this.#operate("truncate", nameNow(), () => {
          if (currentBytes(this.#file(inode)).length === length) return;
          this.#update(inode, (file) => resize(file, length));
        });
      },
      syncDataSync: () => this.#operate("sync", nameNow(), startSync()),
      syncData: async () => {
        const endSync = startSync();
        if (this.#heldSyncs?.isHeld(nameNow())) await this.#heldSyncs.promise;
        for (let round = this.syncRounds(); round > 0; round--) await nextRound();
        this.#operate("sync", nameNow(), endSync);
      },
    };
  }

  /** Opens a file; a lock belongs to this open file, not to its inode. */
  #open(inode: number): OpenFile {
    this.openFiles++;
    let hasLock = false;
    return {
      statSync: () => infoOf(this.#status(inode)),
      tryLockSync: () => {
        if (!hasLock && this.#locked.has(inode)) return false;
        this.#locked.add(inode);
        return hasLock = true;
      },
      close: () => {
        this.openFiles--;
        if (hasLock) this.#locked.delete(inode);
      },
    };
  }

  #status(inode: number): FileStatus {
    const names = this.#names.namesOf(inode).length;
    const bytes = currentBytes(this.#file(inode)).length;
    return { device: this.#device, inode, isFile: true, bytes, names };
  }

  /** @param partly does a share of the work if the operation fails */
  #operate(
    kind: OperationKind,
    name: string,
    work: (during: () => void) => void,
    partly: (share: number) => void = () => {},
  ): void {
    const operation = { number: ++this.operations, kind, name };
    this.watch("before", operation);
    const fault = this.plan(operation);
    if (fault) partly(fault.taken ?? 0);
    else work(() => this.watch("during", operation));
    this.watch("after", operation);
    if (fault) throw fault.error;
  }

  #update(inode: number, edit: (file: FileVersions) => FileVersions): void {
    this.#files.set(inode, edit(this.#file(inode)));
  }

  #inodeOf(name: string): number {
    const inode = this.#names.inodeOf(name);
    if (inode === undefined) {
      throw new Deno.errors.NotFound(`No such file (os error 2): ${name}`);
    }
    return inode;
  }

  #file(inode: number): FileVersions {
    const file = this.#files.get(inode);
    if (file === undefined) throw new RangeError(`no inode ${inode}`);
    return file;
  }
}

/** A status as Deno returns it. */
export function infoOf({ device, inode, isFile, bytes, names }: FileStatus): FileInfo {
  return { dev: device, ino: inode, isFile, size: bytes, nlink: names };
}
