/**
 * A process that executes orders: lines on its standard input. It answers each with a line of JSON. It
 * does work that would disturb the measuring process, or be disturbed by it.
 */
import assert from "assert";
import { fromSource } from "./program.ts";

/** The side that sends orders. */
export class HelperProcess<Order extends string, Answer> implements AsyncDisposable {
  readonly pid: number;
  readonly #entry: string;
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  /** @param entry a module that calls `answerOrders`, as a path from the top folder; then its arguments */
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

  /** Sends an order, and waits for the answer. */
  async ask(order: Order): Promise<Answer> {
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

/** The side that executes orders, until the standard input ends. */
export async function answerOrders(answer: (order: string) => Promise<unknown>): Promise<void> {
  const orders = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const order of orders) {
    console.log(JSON.stringify(await answer(order) ?? null));
  }
}

/** Cuts a stream of text into lines. Text after the last line end is dropped. */
class TextLineStream extends TransformStream<string, string> {
  constructor() {
    let rest = "";
    super({
      transform(text, controller) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) controller.enqueue(line);
      },
    });
  }
}
