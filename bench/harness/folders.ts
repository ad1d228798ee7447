/** Folders for the files of a benchmark. */

/** A folder that is removed on disposal. */
export class TemporaryFolder implements Disposable {
  readonly path: string;

  /** @param isOnDisk whether the folder must be on a disk: on many machines /tmp is in memory */
  constructor({ isOnDisk = false }: { isOnDisk?: boolean } = {}) {
    const disk = isOnDisk ? { dir: Deno.env.get("TMPDIR") || "/var/tmp" } : {};
    this.path = Deno.makeTempDirSync({ prefix: "htserver-bench-", ...disk });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
