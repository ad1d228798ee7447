/** The programs of the demo: it starts them from source, and ends them at its end. */
import { plainLine } from "../../lib/base/quote.ts";
import { linesOf } from "../../lib/perf/run/worker_messages.ts";
import { sendSignal } from "../build/started_program.ts";
import type { ClientOptions } from "./rounds.ts";

/** The time between SIGTERM and SIGKILL, in milliseconds. */
const STOP_MS = 1_000;

/** Maximum length of the output to stderr that is kept, in characters. */
const MAX_ERROR_CHARS = 10_000;

const RESULT = /^(\w+): \d+ ops in [\d.]+ s, ([\d.]+) ops\/s/;

/** The running programs. */
export class LocalPrograms implements AsyncDisposable {
  readonly #children = new Set<Deno.ChildProcess>();

  /**
   * Starts a server or catalog, and waits until it listens.
   *
   * @param entry such as `server.ts`
   * @param onEnd called at its end
   * @returns its port
   * @throws {Error} if it ends before it listens
   */
  async startListener(
    entry: string,
    args: readonly string[],
    onEnd: (how: string) => void,
  ): Promise<number> {
    const child = this.#start(entry, args, "inherit");
    void child.status.then((status) => onEnd(howEnded(status)));
    for await (const line of linesOf(child.stdout)) {
      const [, port] = /^Listening on port (\d+)$/.exec(line) ?? [];
      if (port !== undefined) return Number(port);
    }
    throw new Error(`ended before it listened, with ${howEnded(await child.status)}`);
  }

  /**
   * Runs one `testperf` process.
   *
   * @throws {Error} with its message, if it fails
   */
  async runClient(args: readonly string[], options: ClientOptions): Promise<void> {
    const { stageMs, signal, onResult } = options;
    const child = this.#start(
      "testperf.ts",
      [...args, "--duration", String(stageMs / 1e3), "--quiet"],
      "piped",
    );
    const stop = (): void => void this.#end(child);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const lastError = lastLineOf(child.stderr);
    for await (const line of linesOf(child.stdout)) {
      const [, stage, opsPerS] = RESULT.exec(line) ?? [];
      if (stage !== undefined) onResult({ stage, opsPerS: Number(opsPerS) });
    }
    const status = await child.status;
    signal.removeEventListener("abort", stop);
    const message = await lastError;
    if (!status.success) throw new Error(message || howEnded(status));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.#end(child)));
  }

  #start(
    entry: string,
    args: readonly string[],
    stderr: "inherit" | "piped",
  ): Deno.ChildProcess {
    const file = new URL(`../../${entry}`, import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", file, ...args],
      stdin: "null",
      stdout: "piped",
      stderr,
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

function howEnded({ code, signal }: Deno.CommandStatus): string {
  return signal === null ? `exit code ${code}` : signal;
}

async function lastLineOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + chunk).slice(-MAX_ERROR_CHARS);
  }
  return plainLine(text.trimEnd().split("\n").at(-1) ?? "");
}
