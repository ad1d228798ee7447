/** A process that the build starts to see what it does: bounded in time and in output. */

/** Most that is read of each output, in bytes; a process that prints more is ended. */
const MAX_OUTPUT_BYTES = 65_536;

/** How a process ended, and what it printed. */
export interface ProgramEnd {
  /** A part of a sentence, such as `exit code 0`. */
  readonly how: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** One process; it does not outlive its time, or its object. */
export class StartedProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #stopped = new AbortController();
  readonly #stdout: Output;
  readonly #stderr: Output;
  #endedFor: string | undefined;

  /**
   * Starts it, with nothing on stdin.
   *
   * @param env added to this process's own
   * @param timeoutMs after which it is killed, in milliseconds
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
      () => this.#kill(`SIGKILL, since it was not over after ${timeoutMs / 1e3} s`),
      timeoutMs,
    );
    const tooMuch = (): void =>
      this.#kill(`SIGKILL, since it printed more than ${MAX_OUTPUT_BYTES / 1_024} KiB`);
    this.#stdout = new Output(this.#child.stdout, tooMuch);
    this.#stderr = new Output(this.#child.stderr, tooMuch);
  }

  /** Aborted as soon as the process is killed. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** The first line of stdout, without its end; undefined if it ends without one. */
  firstLine(): Promise<string | undefined> {
    return this.#stdout.firstLine;
  }

  /** Asks it to end, by SIGTERM. */
  stop(): void {
    send(this.#child, "SIGTERM");
  }

  /** Waits for its end. */
  async end(): Promise<ProgramEnd> {
    const { code, signal } = await this.#child.status;
    clearTimeout(this.#timer);
    const how = this.#endedFor ?? (signal === null ? `exit code ${code}` : signal);
    const [stdout, stderr] = await Promise.all([this.#stdout.close(), this.#stderr.close()]);
    return { how, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    send(this.#child, "SIGKILL");
    await this.end();
  }

  #kill(why: string): void {
    this.#endedFor ??= why;
    this.#stopped.abort();
    send(this.#child, "SIGKILL");
  }
}

/** What a process prints, as text. */
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
   * The text, after the end of the process. A process that it has started and that lives on may hold
   * the pipe open: so this waits for what is on its way, and no longer.
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

/** How long the end of a pipe may come after the end of its process, in milliseconds. */
const LAST_BYTES_MS = 1_000;

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended by itself.
  }
}
