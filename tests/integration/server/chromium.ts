/** Chromium without a window, with its own profile. The end of the test kills all its processes. */
import { sleep } from "../../../lib/base/clock.ts";
import { TempFolder } from "../../helpers/folders.ts";

/** The program that tests with a browser need; see `testWith`. */
export const CHROMIUM = ["chromium"] as const;

/** No requests to other hosts; any certificate, because those of tests are self-signed. */
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"],
  ...["--no-first-run", "--disable-background-networking", "--disable-component-update"],
  ...["--disable-sync", "--disable-breakpad", "--ignore-certificate-errors"],
];

/** Attempts to remove the profile, and the pause between two, in milliseconds. */
const REMOVE_TRIES = 50, REMOVE_PAUSE_MS = 100;

/** A browser that shows one page. */
export class Chromium implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #profile: TempFolder;

  private constructor(child: Deno.ChildProcess, profile: TempFolder) {
    this.#child = child;
    this.#profile = profile;
  }

  /** Starts it with the address of a page. */
  static async open(url: string): Promise<Chromium> {
    const profile = await TempFolder.make();
    const child = new Deno.Command(CHROMIUM[0], {
      args: [...FLAGS, `--user-data-dir=${profile.path}`, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true, // a process group, which can be killed at once
    }).spawn();
    return new Chromium(child, profile);
  }

  /** Rejects if the browser exits by itself. */
  async ended(): Promise<never> {
    const { code } = await this.#child.status;
    throw new Error(`chromium ended with exit code ${code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      Deno.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // It has exited by itself.
    }
    await this.#child.status;
    // Other processes of the group may write until they exit.
    for (let left = REMOVE_TRIES; left > 0; left--) {
      try {
        return await this.#profile[Symbol.asyncDispose]();
      } catch (error) {
        if (left === 1) throw error;
        await sleep(REMOVE_PAUSE_MS);
      }
    }
  }
}
