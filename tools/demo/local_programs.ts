/** The programs of the demo: it starts them from source, and ends them at its end. */
import { plainLine } from "../../lib/base/quote.ts";
import { linesOf } from "../../lib/perf/run/worker_messages.ts";
import { sendSignal } from "../build/started_program.ts";

/** The time between SIGTERM and SIGKILL, in milliseconds. */
const STOP_MS = 1_000;

/** A server or catalog that listens. */
export interface Listener {
  readonly port: number;
  readonly pid: number;
  /** Kills it with SIGKILL, and waits for its end. */
  kill(): Promise<void>;
}

/** The running programs. */
export class LocalPrograms implements AsyncDisposable {
  readonly #children = new Set<Deno.ChildProcess>();
  #isOver = false;

  /**
   * Starts a server or catalog, and waits until it listens.
   *
   * @param entry such as `server.ts`
   * @param onEnd called at its end, unless `kill` or the disposal ended it
   * @throws {Error} if it ends before it listens
   */
  async startListener(
    entry: string,
    args: readonly string[],
    onEnd: (how: string) => void,
  ): Promise<Listener> {
    const child = this.#start(entry, args);
    let isKilled = false;
    void showWarnings(child.stderr);
    void child.status.then((status) => isKilled || this.#isOver || onEnd(howEnded(status)));
    const kill = async (): Promise<void> => {
      isKilled = true;
      sendSignal(child, "SIGKILL");
      await child.status;
    };
    for await (const line of linesOf(child.stdout)) {
      const [, port] = /^Listening on port (\d+)$/.exec(line) ?? [];
      if (port !== undefined) return { port: Number(port), pid: child.pid, kill };
    }
    throw new Error(`ended before it listened, with ${howEnded(await child.status)}`);
  }

  /**
   * Runs one `testperf` process.
   *
   * @param signal aborted when it must end
   * @returns its output
   * @throws {Error} with its message, if it fails
   */
  async runClient(args: readonly string[], signal: AbortSignal): Promise<string> {
    const child = this.#start("testperf.ts", args);
    const stop = (): void => void this.#end(child);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const { success, code, signal: endSignal, stdout, stderr } = await child.output();
    signal.removeEventListener("abort", stop);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (success) return text(stdout);
    throw new Error(lastLineOf(text(stderr)) || howEnded({ success, code, signal: endSignal }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#children].map((child) => this.#end(child)));
  }

  #start(entry: string, args: readonly string[]): Deno.ChildProcess {
    const file = new URL(`../../${entry}`, import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", file, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#children.add(child);
    void child.status.then(() => this.#children.delete(child));
    return child;
  }

  /** Ends a program, first with SIGTERM. */
  async #end(child: Deno.ChildProcess): Promise<void> {
    sendSignal(child, "SIGTERM");
    const timer = setTimeout(() => sendSignal(child, "SIGKILL"), STOP_MS);
    await child.status;
    clearTimeout(timer);
  }
}

/** Shows the errors and warnings of a program, and not its log of events. */
async function showWarnings(stderr: ReadableStream<Uint8Array>): Promise<void> {
  for await (const line of linesOf(stderr)) {
    if (!/^\S+Z info: /.test(line)) console.error(line);
  }
}

function howEnded({ code, signal }: Deno.CommandStatus): string {
  return signal === null ? `exit code ${code}` : signal;
}

function lastLineOf(text: string): string {
  return plainLine(text.trimEnd().split("\n").at(-1) ?? "");
}
