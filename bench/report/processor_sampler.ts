/** Samples of the processor time of a process and of the machine. Linux only. */
import type { ProcessorSample } from "./processor_shares.ts";

/** The interval of the samples. It is a small part of a stage, so shares are a few percent exact. */
const INTERVAL_MS = 50;

/** The unit of times in /proc: Linux reports 100 ticks a second on every machine. */
const TICK_MS = 10;

/** Takes samples until disposal. */
export class ProcessorSampler implements Disposable {
  readonly samples: ProcessorSample[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pid of the server */
  constructor(pid: number) {
    const take = () => {
      const sample = takeSample(pid);
      if (sample !== undefined) this.samples.push(sample);
    };
    take();
    this.#timer = setInterval(take, INTERVAL_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Reads the counters; undefined without /proc, or if the process has ended. */
function takeSample(pid: number): ProcessorSample | undefined {
  try {
    // The `schedstat` of a process has the times of its first thread, the event loop.
    const [ranNs = 0, waitedNs = 0] = numbersIn(Deno.readTextFileSync(`/proc/${pid}/schedstat`));
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The name of the program is in parentheses and can contain blanks: skip it.
    const fields = numbersIn(stat.slice(stat.lastIndexOf(")") + 4));
    const [userTicks = 0, systemTicks = 0] = fields.slice(10);
    const [cpu = ""] = Deno.readTextFileSync("/proc/stat").split("\n", 1);
    const ticks = numbersIn(cpu.replace("cpu", "")).slice(0, 8);
    const [, , , idle = 0, waitingForDisk = 0] = ticks;
    const all = ticks.reduce((sum, value) => sum + value, 0);
    return {
      unixMs: performance.timeOrigin + performance.now(),
      threadMs: ranNs / 1e6,
      waitingMs: waitedNs / 1e6,
      serverMs: (userTicks + systemTicks) * TICK_MS,
      busyMs: (all - idle - waitingForDisk) * TICK_MS,
    };
  } catch {
    return undefined;
  }
}

function numbersIn(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}
