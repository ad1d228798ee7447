/** A terminal with a shell, which tmux shows: what is typed into it, and what its screen shows. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { fromSource, PATIENCE_MS, run } from "../../../bench/harness/program.ts";
import { TempFolder } from "../../helpers/folders.ts";

/** Lines of the screen: all lines of a test fit. */
const ROWS = 200;

/** A terminal; its end ends all of its programs. In its shell, `t` is the program `testperf`. */
export class TmuxScreen implements AsyncDisposable {
  readonly #folder: TempFolder;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  /** Opens a terminal with this number of characters per line. */
  static async open(columns: number): Promise<TmuxScreen> {
    const folder = await TempFolder.make();
    const screen = new TmuxScreen(folder);
    const command = fromSource("testperf.ts").map((part) => `'${part}'`).join(" ");
    await Deno.writeTextFile(`${folder.path}/t`, `#!/bin/sh\nexec ${command} "$@"\n`, {
      mode: 0o755,
    });
    await screen.#tmux(
      ...["-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(ROWS)],
      ...["-c", folder.path, "env", "PS1=$ ", `PATH=${folder.path}:${Deno.env.get("PATH")}`],
      ...["bash", "--norc", "--noprofile", "-i"],
    );
    await screen.#tmux("pipe-pane", `exec cat >'${folder.path}/raw'`);
    await screen.until(/^\$ ?$/);
    return screen;
  }

  /** Types a line, and the return key. */
  async type(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", line);
    await this.press("Enter");
  }

  /** Presses a key, such as `C-c`. */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /**
   * Returns the screen. A line that the terminal broke is one line.
   *
   * @returns without empty lines at the end
   */
  async text(): Promise<string> {
    const { stdout } = await this.#tmux("capture-pane", "-p", "-J");
    return stdout.replace(/\n+$/, "");
  }

  /** Waits until the screen has a text. @returns the screen */
  async until(pattern: RegExp): Promise<string> {
    for (const endMs = performance.now() + PATIENCE_MS;;) {
      const text = await this.text();
      if (pattern.test(text)) return text;
      if (performance.now() > endMs) assert.fail(`no ${pattern} on the screen:\n${text}`);
      await sleep(50);
    }
  }

  /** Returns all bytes that programs have written to the terminal, as text. */
  raw(): Promise<string> {
    return Deno.readTextFile(`${this.#folder.path}/raw`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    await this.#folder[Symbol.asyncDispose]();
  }

  async #tmux(...args: string[]) {
    const result = await run(["tmux", "-S", `${this.#folder.path}/socket`, ...args]);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }
}
