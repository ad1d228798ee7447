/**
 * A machine in memory: several folders with their paths, and the processes that use them.
 *
 * Each system call of a process is a numbered step. Before any of them, a test can move or replace a folder,
 * switch a link or remove a file.
 */
import type {
  FileStatus,
  FileSystem,
  HeldFile,
  OpenFile,
  ReadableFile,
  WritableFile,
} from "../../../lib/storage/folder/file_system.ts";
import { nextRound, SimulatedDisk } from "./simulated_disk.ts";

/** The folders of a machine, by their paths. */
export class SimulatedFolders {
  readonly #disks = new Map<string, SimulatedDisk>();
  readonly #links = new Map<string, string>();

  /** Creates a folder, or gives a path to an existing one. */
  put(path: string, disk: SimulatedDisk = new SimulatedDisk()): SimulatedDisk {
    this.#disks.set(path, disk);
    return disk;
  }

  /** Removes the path of a folder. */
  take(path: string): SimulatedDisk {
    const disk = this.at(path);
    this.#disks.delete(path);
    return disk;
  }

  /** Makes a link lead to a folder. */
  link(path: string, to: string): void {
    this.#links.set(path, to);
  }

  /** Resolves a link. */
  realPath(path: string): string {
    return this.#links.get(path) ?? path;
  }

  at(path: string): SimulatedDisk {
    const disk = this.find(path);
    if (disk === undefined) throw new Deno.errors.NotFound(`No such folder (os error 2): ${path}`);
    return disk;
  }

  find(path: string): SimulatedDisk | undefined {
    return this.#disks.get(this.realPath(path));
  }
}

/** One system call. */
export interface Step {
  /** From 1, in order. */
  readonly number: number;
  readonly call: string;
  /** Its path, or the name under which its file was opened. */
  readonly path: string;
  /** Whether the call before it checked a name, so that this one relies on the result. */
  readonly isChecked: boolean;
}

/** The error of a system call in a dead process. */
export class KilledError extends Error {
  override name = "KilledError";
}

/** One process with its system calls, until a test kills it. */
export class SimulatedProcess implements FileSystem {
  /** Called before each system call; it may throw an error in place of the call. */
  onStep: (step: Step) => void = () => {};
  /** Changes the result of a listing. */
  listed: (names: string[]) => string[] = (names) => names;
  steps = 0;
  readonly #folders: SimulatedFolders;
  readonly #open = new Set<{ close(): void }>();
  #isDead = false;
  #wasCheck = false;

  constructor(folders: SimulatedFolders) {
    this.#folders = folders;
  }

  get openFiles(): number {
    return this.#open.size;
  }

  /** Kills the process: its files are closed and unlocked, and further calls have no effect. */
  kill(): void {
    this.#isDead = true;
    for (const file of [...this.#open]) file.close();
  }

  realPath(path: string): string {
    this.#step("realPath", path);
    this.#folders.at(path);
    return this.#folders.realPath(path);
  }

  status(path: string): FileStatus | undefined {
    // A dead process gets a lost folder here, and so stops its work in the background.
    if (!this.#isAlive("status", path)) return undefined;
    const [folder, name] = split(path);
    this.#wasCheck = true;
    return this.#folders.find(folder)?.find(name);
  }

  async list(path: string): Promise<string[]> {
    this.#step("list", path);
    const names = this.listed([...this.#folders.at(path).names]);
    await nextRound();
    await this.#unlessDead();
    return names;
  }

  openToWrite(path: string, how: "create" | "append"): WritableFile {
    this.#step(how, path);
    const [folder, name] = split(path);
    return this.#writable(this.#folders.at(folder).openToWrite(name, how), path);
  }

  openToRead(path: string): ReadableFile & OpenFile {
    this.#step("openToRead", path);
    const [folder, name] = split(path);
    return this.#track(this.#folders.at(folder).openToRead(name));
  }

  rename(from: string, to: string): void {
    this.#step("rename", from);
    const [folder, name] = split(from);
    this.#folders.at(folder).rename(name, split(to)[1]);
  }

  remove(path: string): void {
    this.#step("remove", path);
    const [folder, name] = split(path);
    this.#folders.at(folder).remove(name);
  }

  hold(path: string): HeldFile | undefined {
    this.#step("hold", path);
    const [folder, name] = split(path);
    this.#wasCheck = true;
    const file = this.#folders.find(folder)?.hold(name);
    return file && this.#track({
      freeSpace: async (signal: AbortSignal) => {
        this.#step("free", path);
        await file.freeSpace(signal);
      },
      close: () => file.close(),
    });
  }

  async syncFolder(path: string): Promise<void> {
    this.#step("syncFolder", path);
    await this.#folders.at(path).syncFolder();
    await this.#unlessDead();
  }

  syncFolderNow(path: string): void {
    this.#step("syncFolderNow", path);
    this.#folders.at(path).syncFolderNow();
  }

  #writable(file: WritableFile, path: string): WritableFile {
    return this.#track({
      ...file,
      writeSync: (bytes: Uint8Array) => {
        return this.#isAlive("write", path) ? file.writeSync(bytes) : bytes.length;
      },
      truncateSync: (bytes: number) => {
        if (this.#isAlive("truncate", path)) file.truncateSync(bytes);
      },
      syncDataSync: () => {
        if (this.#isAlive("syncNow", path)) file.syncDataSync();
      },
      syncData: async () => {
        if (this.#isAlive("sync", path)) await file.syncData();
        await this.#unlessDead();
      },
    });
  }

  /** Closes a file once: at the latest, when the process is killed. */
  #track<File extends { close(): void }>(file: File): File {
    const tracked = {
      ...file,
      close: () => {
        if (this.#open.delete(tracked)) file.close();
      },
    };
    this.#open.add(tracked);
    return tracked;
  }

  #step(call: string, path: string): void {
    if (!this.#isAlive(call, path)) throw new KilledError();
  }

  /** As `#step`, for calls on open files, which have no effect in a dead process. */
  #isAlive(call: string, path: string): boolean {
    if (this.#isDead) return false;
    const isChecked = this.#wasCheck;
    this.#wasCheck = false;
    this.onStep({ number: ++this.steps, call, path, isChecked });
    return !this.#isDead;
  }

  /** In a dead process, a call never returns. */
  #unlessDead(): Promise<void> | undefined {
    return this.#isDead ? new Promise<void>(() => {}) : undefined;
  }
}

function split(path: string): [folder: string, name: string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, at), path.slice(at + 1)];
}
