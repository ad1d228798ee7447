/**
 * A folder in memory that knows what a power failure may leave of it.
 *
 * What is written is in the hands of the system; only `sync` makes a file's bytes durable, and only
 * `syncFolder` its name. Between two syncs every state of a file is remembered, and `crash` puts one
 * together that a disk may hold then: an older state, a write torn at any byte, or pages of different
 * states side by side. Every change to the folder is an operation with a number: it can be made to
 * fail, and the state around it can be looked at.
 */
import type { OpenFile } from "../../lib/storage/folder/file_system.ts";
import type {
  Files,
  FileStatus,
  HeldFile,
  ReadableFile,
  WritableFile,
} from "../../lib/storage/folder/folder_files.ts";
import { type Random, randomFrom } from "../../bench/harness/random.ts";
import { joined } from "../helpers/streams.ts";

/** What an operation does. */
export type OperationKind =
  | "create"
  | "write"
  | "truncate"
  | "sync"
  | "rename"
  | "remove"
  | "syncFolder";

/** One operation; a sync counts when it ends. */
export interface Operation {
  /** From 1, in order. */
  readonly number: number;
  readonly kind: OperationKind;
  readonly name: string;
}

/** `during`: a write that has put half of its bytes. */
export type Moment = "before" | "during" | "after";

/** What an operation fails with. */
export interface Fault {
  readonly error: Error;
  /** Share of a write's bytes that is taken all the same (default: 0). */
  readonly taken?: number;
}

/** The disk is full. */
export const noSpace = (): Error => new Error("No space left on device (os error 28)");

/** The disk is broken. */
export const ioError = (): Error => new Error("Input/output error (os error 5)");

/** A file's bytes at all times since its last sync, the oldest first; none is ever changed. */
interface Inode {
  readonly states: readonly Uint8Array[];
  /** How many states were dropped before these. */
  readonly dropped: number;
}

/** A change of names that is not durable yet. */
type NameChange =
  | { readonly kind: "create"; readonly name: string; readonly inode: number }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly inode: number };

/** In how many steps a held file is freed. */
const FREE_STEPS = 3;

/** Disks so far. */
let devices = 0;

/** One round of the event loop. */
const eventLoop = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** The folder. */
export class SimulatedDisk implements Files {
  readonly folder = "simulated";
  /** Operations so far. */
  operations = 0;
  /** Files that are open. */
  openFiles = 0;
  /** Asked before each operation whether it fails. */
  plan: (operation: Operation) => Fault | undefined = () => undefined;
  /** Told of each operation. */
  watch: (moment: Moment, operation: Operation) => void = () => {};
  /** How many rounds of the event loop a sync in the background takes (default: 1). */
  syncRounds: () => number = () => 1;
  #inodes = new Map<number, Inode>();
  #names = new Map<string, number>();
  #durableNames = new Map<string, number>();
  #nameChanges: NameChange[] = [];
  #nextInode = 1;
  /** Inodes whose lock an open file has. */
  readonly #locked = new Set<number>();
  /** Different for each disk: device and inode together are what a file is known by. */
  readonly #device = ++devices;
  #syncsHeld: (PromiseWithResolvers<void> & { isHeld(name: string): boolean }) | undefined;

  /** A folder with these files, all durable. */
  static of(files: Readonly<Record<string, Uint8Array>>): SimulatedDisk {
    const disk = new SimulatedDisk();
    for (const [name, bytes] of Object.entries(files)) {
      disk.#names.set(name, disk.#nextInode);
      disk.#inodes.set(disk.#nextInode++, { states: [bytes], dropped: 0 });
    }
    disk.#durableNames = new Map(disk.#names);
    return disk;
  }

  /**
   * Lets syncs of files that are asked for in the background wait until `releaseSyncs`.
   *
   * @param isHeld whether those of the file that was opened by a name (default: of all files)
   */
  holdSyncs(isHeld: (name: string) => boolean = () => true): void {
    this.#syncsHeld ??= { ...Promise.withResolvers<void>(), isHeld };
  }

  releaseSyncs(): void {
    this.#syncsHeld?.resolve();
    this.#syncsHeld = undefined;
  }

  /** Has another program put a file in the place of one, or beside the others. */
  put(name: string, bytes: Uint8Array): void {
    const inode = this.#nextInode++;
    this.#inodes.set(inode, { states: [bytes], dropped: 0 });
    this.#rename({ kind: "create", name, inode });
  }

  /** Has another program cut a file. */
  cut(name: string, bytes: number): void {
    const inode = this.#inodeOf(name);
    this.#change(inode, resized(current(this.#inode(inode)), bytes));
  }

  /** The bytes of a file as the system has them. */
  bytesOf(name: string): Uint8Array {
    return current(this.#inode(this.#inodeOf(name)));
  }

  /** The folder after the process was killed: the system keeps what it was handed. */
  killed(): SimulatedDisk {
    const disk = new SimulatedDisk();
    disk.#inodes = new Map(this.#inodes);
    disk.#names = new Map(this.#names);
    disk.#durableNames = new Map(this.#durableNames);
    disk.#nameChanges = [...this.#nameChanges];
    disk.#nextInode = this.#nextInode;
    return disk;
  }

  /** The folder as a power failure may leave it: one of many states, chosen by the seed. */
  crashed(seed: number): SimulatedDisk {
    const random = randomFrom(seed);
    const names = new Map(this.#durableNames);
    for (const change of survivors(this.#nameChanges, random)) applyTo(names, change);
    const left: Record<string, Uint8Array> = {};
    for (const [name, inode] of names) left[name] = remainsOf(this.#inode(inode).states, random);
    return SimulatedDisk.of(left);
  }

  /** What `list` gives. */
  get names(): string[] {
    return [...this.#names.keys()].sort();
  }

  check(): void {}

  find(name: string): FileStatus | undefined {
    const inode = this.#names.get(name);
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
    if (how === "append") return this.#opened(this.#inodeOf(name), name);
    const inode = this.#nextInode++;
    this.#operate("create", name, () => {
      if (this.#names.has(name)) {
        throw new Deno.errors.AlreadyExists(`File exists (os error 17): ${name}`);
      }
      this.#inodes.set(inode, { states: [new Uint8Array(0)], dropped: 0 });
      this.#rename({ kind: "create", name, inode });
    });
    return this.#opened(inode, name);
  }

  openToRead(name: string): ReadableFile & OpenFile {
    const bytes = this.bytesOf(name);
    let at = 0;
    return {
      ...this.#open(this.#inodeOf(name)),
      read(into) {
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
      this.#rename({ kind: "rename", from, to, inode: this.#inodeOf(from) });
    });
  }

  remove(name: string): void {
    this.#operate("remove", name, () => {
      this.#inodeOf(name);
      this.#rename({ kind: "remove", name });
    });
  }

  hold(name: string): HeldFile | undefined {
    const inode = this.#names.get(name);
    if (inode === undefined) return undefined;
    this.openFiles++;
    return {
      freeSpace: async () => {
        if ([...this.#names.values()].includes(inode)) return;
        const { length } = current(this.#inode(inode));
        for (let steps = FREE_STEPS - 1; steps >= 0; steps--) {
          await eventLoop();
          this.#operate("truncate", name, () => {
            const bytes = Math.floor(length * steps / FREE_STEPS);
            this.#change(inode, resized(current(this.#inode(inode)), bytes));
          });
        }
      },
      close: () => void this.openFiles--,
    };
  }

  async syncFolder(): Promise<void> {
    const names = new Map(this.#names);
    const count = this.#nameChanges.length;
    await eventLoop();
    this.#operate("syncFolder", "", () => {
      this.#durableNames = names;
      this.#nameChanges = this.#nameChanges.slice(count);
    });
  }

  syncFolderNow(): void {
    this.#operate("syncFolder", "", () => {
      this.#durableNames = new Map(this.#names);
      this.#nameChanges = [];
    });
  }

  #opened(inode: number, name: string): WritableFile {
    /** The name that the file has now, or the last one that it had. */
    const nameNow = () => {
      const [now] = [...this.#names].find(([, one]) => one === inode) ?? [];
      return name = now ?? name;
    };
    const put = (bytes: Uint8Array) => {
      if (bytes.length > 0) this.#change(inode, joined([current(this.#inode(inode)), bytes]));
    };
    return {
      ...this.#open(inode),
      write: (bytes) => {
        const half = Math.floor(bytes.length / 2);
        this.#operate("write", nameNow(), (during) => {
          put(bytes.subarray(0, half));
          during();
          put(bytes.subarray(half));
        }, (share) => put(bytes.subarray(0, Math.floor(bytes.length * share))));
      },
      truncate: (length) => {
        this.#operate("truncate", nameNow(), () => {
          const bytes = current(this.#inode(inode));
          if (bytes.length !== length) this.#change(inode, resized(bytes, length));
        });
      },
      syncNow: () => {
        const state = lastState(this.#inode(inode));
        this.#operate("sync", nameNow(), () => this.#makeDurable(inode, state));
      },
      sync: async () => {
        const state = lastState(this.#inode(inode));
        if (this.#syncsHeld?.isHeld(nameNow())) await this.#syncsHeld.promise;
        for (let round = this.syncRounds(); round > 0; round--) await eventLoop();
        this.#operate("sync", nameNow(), () => this.#makeDurable(inode, state));
      },
    };
  }

  /** Opens a file; what has its lock is this opening of it, not the file. */
  #open(inode: number): OpenFile {
    this.openFiles++;
    let hasLock = false;
    return {
      status: () => this.#status(inode),
      tryLock: () => {
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
    const names = [...this.#names.values()].filter((one) => one === inode).length;
    const bytes = current(this.#inode(inode)).length;
    return { device: this.#device, inode, isFile: true, bytes, names };
  }

  /** @param partly what is done where it fails: a share of it */
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

  #rename(change: NameChange): void {
    applyTo(this.#names, change);
    this.#nameChanges.push(change);
  }

  #change(inode: number, bytes: Uint8Array): void {
    const { states, dropped } = this.#inode(inode);
    this.#inodes.set(inode, { states: [...states, bytes], dropped });
  }

  #makeDurable(inode: number, state: number): void {
    const { states, dropped } = this.#inode(inode);
    if (state <= dropped) return;
    this.#inodes.set(inode, { states: states.slice(state - dropped), dropped: state });
  }

  #inodeOf(name: string): number {
    const inode = this.#names.get(name);
    if (inode === undefined) {
      throw new Deno.errors.NotFound(`No such file (os error 2): ${name}`);
    }
    return inode;
  }

  #inode(number: number): Inode {
    const inode = this.#inodes.get(number);
    if (inode === undefined) throw new RangeError(`no inode ${number}`);
    return inode;
  }
}

function current({ states }: Inode): Uint8Array {
  return states.at(-1) ?? new Uint8Array(0);
}

/** Number of the last state. */
function lastState({ states, dropped }: Inode): number {
  return dropped + states.length - 1;
}

function applyTo(names: Map<string, number>, change: NameChange): void {
  switch (change.kind) {
    case "create":
      return void names.set(change.name, change.inode);
    case "remove":
      return void names.delete(change.name);
    case "rename":
      if (names.get(change.from) === change.inode) names.delete(change.from);
      names.set(change.to, change.inode);
  }
}

/** The first ones, as a journal keeps them, or any of them. */
function survivors(changes: readonly NameChange[], random: Random): NameChange[] {
  if (random.below(2) === 0) return changes.slice(0, random.below(changes.length + 1));
  return changes.filter(() => random.below(2) === 0);
}

/** What is left of a file: its first state is durable. */
function remainsOf(states: readonly Uint8Array[], random: Random): Uint8Array {
  if (states.length === 1) return states[0] ?? new Uint8Array(0);
  const number = random.below(states.length);
  const state = states[number] ?? new Uint8Array(0);
  switch (random.below(3)) {
    case 0:
      return state;
    case 1: // torn
      return state.slice(
        0,
        lengthBetween(states[number - 1]?.length ?? state.length, state, random),
      );
    default:
      return mixed(states, state.length, [16, 64, 512, 4096][random.below(4)] ?? 16, random);
  }
}

function lengthBetween(before: number, { length }: Uint8Array, random: Random): number {
  return before >= length ? length : before + random.below(length - before + 1);
}

/** Each page from another state; what a state does not have is zeros. */
function mixed(
  states: readonly Uint8Array[],
  length: number,
  pageBytes: number,
  random: Random,
): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += pageBytes) {
    const state = states[random.below(states.length)];
    bytes.set(state?.subarray(start, Math.min(start + pageBytes, length)) ?? [], start);
  }
  return bytes;
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}
