/** Folders of tests: temporary folders, and small disks. */
import { testIf } from "./needs.ts";

/** A folder that the end of the test removes. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param prefix of the folder's name (default: `ht-test-`) */
  static async make(prefix: string = "ht-test-"): Promise<TempFolder> {
    return new TempFolder(await Deno.makeTempDir({ prefix }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** A disk in memory that is mounted until the end of the test; for root only. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: TempFolder;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  /** @param bytes capacity */
  static async mount(bytes: number): Promise<SmallDisk> {
    const folder = await TempFolder.make();
    try {
      await system("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder.path);
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
    return new SmallDisk(folder);
  }

  get path(): string {
    return this.#folder.path;
  }

  /** Makes all further writes fail. */
  async makeReadOnly(): Promise<void> {
    await system("mount", "-o", "remount,ro", this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await system("umount", "--lazy", this.path);
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Whether this user may mount disks here. */
const canMount = await (async () => {
  try {
    await using _disk = await SmallDisk.mount(100_000);
    return true;
  } catch {
    return false;
  }
})();

/** Registers a test that mounts disks. */
export function testWithMounts(name: string, fn: () => Promise<void>): void {
  testIf(canMount, "the right to mount", name, fn);
}

async function system(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) {
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}
