/** A worker without a process of its own: its stdin and stdout are pipes within the test. */
import type { ShareEvents } from "../../lib/perf/run/share.ts";
import type { Share } from "../../lib/perf/run/share.ts";
import { runWorker } from "../../lib/perf/run/worker.ts";
import type { Process } from "../../lib/perf/run/remote_share.ts";

/** What a process ended with. */
type Status = Awaited<Process["status"]>;

/** A process that a test plays. */
export class FakeProcess implements Process {
  readonly pid = 4_711;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly status: Promise<Status>;
  /** What comes on its stdin. */
  readonly orders: ReadableStream<Uint8Array>;
  wasKilled = false;
  readonly #output: ReadableStreamDefaultController<Uint8Array>;
  readonly #end = Promise.withResolvers<Status>();
  #isOver = false;

  constructor() {
    const pipe = new TransformStream<Uint8Array, Uint8Array>();
    [this.stdin, this.orders] = [pipe.writable, pipe.readable];
    let output: ReadableStreamDefaultController<Uint8Array> | undefined;
    this.stdout = new ReadableStream({ start: (controller) => void (output = controller) });
    if (output === undefined) throw new TypeError("start() is called at once");
    this.#output = output;
    this.status = this.#end.promise;
  }

  /** Writes a line to its stdout. */
  writeLine(line: string): void {
    if (!this.#isOver) this.#output.enqueue(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends it. */
  end(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end.resolve(status);
    try {
      this.#output.close();
    } catch {
      // Its reader wants no more.
    }
    // Nobody reads what is still written to it.
    if (!this.orders.locked) void this.orders.cancel();
  }

  kill(signal: "SIGKILL"): void {
    this.wasKilled = true;
    this.end({ code: 137, signal });
  }
}

/** Runs a worker with a share of the test's making in a played process. */
export function pipedWorker(
  share: (events: ShareEvents) => Share,
  aliveEveryMs: number = 500,
): { readonly process: FakeProcess; readonly ended: Promise<boolean> } {
  const process = new FakeProcess();
  const send = (line: string) => process.writeLine(line);
  const ended = runWorker({ orders: process.orders, send, share, aliveEveryMs });
  void ended.then((isGood) => process.end({ code: isGood ? 0 : 1, signal: null }));
  return { process, ended };
}
