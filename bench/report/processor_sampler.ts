/** Samples what a process and the machine take of the processors; on Linux only. */
import type { ProcessorSample } from "./processor_shares.ts";

/** Stages are some hundred milliseconds: their ends are then known to a few percent of that. */
const EVERY_MS = 50;

/** Times in /proc are in these; Linux tells programs 100 a second on every machine. */
const TICK_MS = 10;

/** Samples until it goes out of scope. */
export class ProcessorSampler implements Disposable {
  readonly samples: ProcessorSample[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pid the server */
  constructor(pid: number) {
    const take = () => {
      const sample = sampleNow(pid);
      if (sample !== undefined) this.samples.push(sample);
    };
    take();
    this.#timer = setInterval(take, EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Undefined where the operating system does not tell, or the process has ended. */
function sampleNow(pid: number): ProcessorSample | undefined {
  try {
    // The times of a process' own `schedstat` are those of its first thread, the event loop.
    const [ranNs = 0, waitedNs = 0] = numbersIn(Deno.readTextFileSync(`/proc/${pid}/schedstat`));
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The program's name is in parentheses and may hold blanks: count from behind it.
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
