/** A worker without its own process: its stdin and stdout are pipes of the test. */
import type { ShareEvents } from "../../lib/perf/run/share.ts";
import type { Share } from "../../lib/perf/run/share.ts";
import { runWorker } from "../../lib/perf/run/worker.ts";
import type { Process } from "../../lib/perf/run/remote_share.ts";

/** The exit status of a process. */
type Status = Awaited<Process["status"]>;

/** A process that a test controls. */
export class FakeProcess implements Process {
  readonly pid = 4_711;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly status: Promise<Status>;
  /** The data on its stdin. */
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

  /** Ends the process. */
  end(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end.resolve(status);
    try {
      this.#output.close();
    } catch {
      // The reader has canceled it.
    }
    // Further orders have no reader.
    if (!this.orders.locked) void this.orders.cancel();
  }

  kill(signal: "SIGKILL"): void {
    this.wasKilled = true;
    this.end({ code: 137, signal });
  }
}

/** Runs a worker with the share of a test in a fake process. */
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
