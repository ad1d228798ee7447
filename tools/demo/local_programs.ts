/** The demo's programs: started from their sources, on this machine only, and ended with it. */
import { plainLine } from "../../lib/base/quote.ts";
import type { ClientOptions } from "./rounds.ts";

/** Between SIGTERM and SIGKILL, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Most of a client's complaints that is kept, in characters. */
const MAX_COMPLAINT_CHARS = 10_000;

const RESULT = /^(\w+): \d+ ops in [\d.]+ s, ([\d.]+) ops\/s/;

/** All that were started. */
export class LocalPrograms implements AsyncDisposable {
  readonly #children = new Set<Deno.ChildProcess>();

  /**
   * Starts a program that listens.
   *
   * @param entry such as `server.ts`
   * @param onEnd called if it ends by itself
   * @returns its port
   * @throws {Error} if it ended before it listened
   */
  async listening(
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
   * @throws {Error} with what it complained about, if it failed
   */
  async client(args: readonly string[], options: ClientOptions): Promise<void> {
    const { stageMs, signal, onResult } = options;
    const child = this.#start(
      "testperf.ts",
      [...args, "--duration", String(stageMs / 1e3), "--quiet"],
      "piped",
    );
    const stop = (): void => void this.#end(child);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const complaints = lastLineOf(child.stderr);
    for await (const line of linesOf(child.stdout)) {
      const [, stage, opsPerS] = RESULT.exec(line) ?? [];
      if (stage !== undefined) onResult({ stage, opsPerS: Number(opsPerS) });
    }
    const status = await child.status;
    signal.removeEventListener("abort", stop);
    const complaint = await complaints;
    if (!status.success) throw new Error(complaint || howEnded(status));
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

  /** Ends a program, in order if it can. */
  async #end(child: Deno.ChildProcess): Promise<void> {
    send(child, "SIGTERM");
    const timer = setTimeout(() => send(child, "SIGKILL"), PATIENCE_MS);
    await child.status;
    clearTimeout(timer);
  }
}

function howEnded({ code, signal }: Deno.CommandStatus): string {
  return signal === null ? `exit code ${code}` : signal;
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended by itself.
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}

async function lastLineOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + chunk).slice(-MAX_COMPLAINT_CHARS);
  }
  return plainLine(text.trimEnd().split("\n").at(-1) ?? "");
}
