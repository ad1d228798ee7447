/** A process of the proof, with a limited time and a limited output. */

/** Maximum size of each output, in bytes. A process that prints more is killed. */
const MAX_OUTPUT_BYTES = 65_536;

/** The end of a process, with its output. */
interface ProgramEnd {
  /** A part of a sentence, for example `exit code 0`. */
  readonly how: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** One process, which ends at the latest when its object is disposed. */
export class StartedProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #stopped = new AbortController();
  readonly #stdout: Output;
  readonly #stderr: Output;
  #endedFor: string | undefined;

  /**
   * Starts the process, with an empty stdin.
   *
   * @param env added to the environment of this process
   * @param timeoutMs limit, in milliseconds; then the process is killed
   * @throws {Error} if the system cannot start it
   */
  constructor(
    path: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    timeoutMs: number,
  ) {
    this.#child = new Deno.Command(path, {
      args: [...args],
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#timer = setTimeout(
      () => this.#kill(`SIGKILL, because it took longer than ${timeoutMs / 1e3} s`),
      timeoutMs,
    );
    const tooMuch = (): void =>
      this.#kill(`SIGKILL, because it printed more than ${MAX_OUTPUT_BYTES / 1_024} KiB`);
    this.#stdout = new Output(this.#child.stdout, tooMuch);
    this.#stderr = new Output(this.#child.stderr, tooMuch);
  }

  /** Aborted when the process is killed. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** The first line of stdout without its LF; undefined if stdout ends before it. */
  firstLine(): Promise<string | undefined> {
    return this.#stdout.firstLine;
  }

  /** Sends SIGTERM. */
  stop(): void {
    sendSignal(this.#child, "SIGTERM");
  }

  /** Waits for the end of the process. */
  async end(): Promise<ProgramEnd> {
    const { code, signal } = await this.#child.status;
    clearTimeout(this.#timer);
    const how = this.#endedFor ?? (signal === null ? `exit code ${code}` : signal);
    const [stdout, stderr] = await Promise.all([this.#stdout.close(), this.#stderr.close()]);
    return { how, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    sendSignal(this.#child, "SIGKILL");
    await this.end();
  }

  #kill(why: string): void {
    this.#endedFor ??= why;
    this.#stopped.abort();
    sendSignal(this.#child, "SIGKILL");
  }
}

/** The text that a process prints. */
class Output {
  readonly firstLine: Promise<string | undefined>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #done: Promise<void>;
  readonly #onLine: (line: string | undefined) => void;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>, tooMuch: () => void) {
    const line = Promise.withResolvers<string | undefined>();
    this.firstLine = line.promise;
    this.#onLine = line.resolve;
    this.#reader = stream.getReader();
    this.#done = this.#readAll(tooMuch);
  }

  /**
   * Returns the text, after the end of the process. A child of the process may hold the pipe open, so
   * the wait for the last bytes is limited.
   */
  async close(): Promise<string> {
    const timer = setTimeout(() => this.#reader.cancel().catch(() => {}), LAST_BYTES_MS);
    await this.#done;
    clearTimeout(timer);
    return this.#text;
  }

  async #readAll(tooMuch: () => void): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      if (this.#text.length > MAX_OUTPUT_BYTES) {
        tooMuch();
        continue;
      }
      this.#text += decoder.decode(value, { stream: true });
      const end = this.#text.indexOf("\n");
      if (end >= 0) this.#onLine(this.#text.slice(0, end));
    }
    this.#onLine(undefined);
  }
}

/** The wait for the end of a pipe after the end of its process, in milliseconds. */
const LAST_BYTES_MS = 1_000;

/** Sends a signal to a process, which may have ended. */
export function sendSignal(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}
