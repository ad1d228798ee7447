/**
 * A process of its own that does what lines on its standard input say, and answers each with a line of
 * JSON: for what would disturb the measuring process, or be disturbed by it.
 */
import assert from "assert";
import { TextLineStream } from "./text_lines.ts";
import { fromSource } from "./program.ts";

/** The asking side. */
export class AskedProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #entry: string;
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  /** @param entry a module that calls `answerLines`, as a path from the top folder; then its arguments */
  constructor(entry: string, ...args: string[]) {
    const [path = "", ...rest] = fromSource(entry, ...args);
    this.#entry = entry;
    this.#child = new Deno.Command(path, {
      args: rest,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.pid = this.#child.pid;
    this.#orders = this.#child.stdin.getWriter();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
  }

  /** Says a word, and waits for the answer. */
  async ask(order: string): Promise<unknown> {
    await this.#orders.write(new TextEncoder().encode(`${order}\n`));
    const { value } = await this.#answers.read();
    if (value === undefined) assert.fail(`${this.#entry} ended instead of answering "${order}"`);
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await this.#orders.abort().catch(() => {});
    await this.#answers.cancel().catch(() => {});
  }
}

/** The asked side: answers until nobody asks any more. */
export async function answerLines(answer: (order: string) => Promise<unknown>): Promise<void> {
  const orders = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const order of orders) {
    console.log(JSON.stringify(await answer(order) ?? null));
  }
}
