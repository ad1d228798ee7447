/** Simulated servers in virtual time, for measurements with a known exact result. */
import type { Lane, Sender, Task, Tasks, Workload } from "../../lib/perf/workload/operation.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** A request at the server. */
export interface Arrival {
  readonly atMs: number;
  readonly task: Task;
  readonly client: Sender;
}

/** Makes a workload of a function that performs an operation. */
export function workloadOf(perform: (task: Task, client: Sender) => Promise<void>): Workload {
  return {
    lane: (client, onEnd) => ({
      start: (task) => void perform(task, client).then(() => onEnd(undefined), onEnd),
    }),
  };
}

/** A server that replies to each request at the time that a rule computes. */
export class SimulatedServer implements Workload {
  readonly arrivals: Arrival[] = [];
  readonly #clock: VirtualClock;
  readonly #answerAtMs: (arrivedMs: number, task: Task) => number;

  constructor(clock: VirtualClock, answerAtMs: (arrivedMs: number, task: Task) => number) {
    this.#clock = clock;
    this.#answerAtMs = answerAtMs;
  }

  lane(client: Sender, onEnd: (error: unknown) => void): Lane {
    return workloadOf(async (task) => {
      const atMs = this.#clock.now();
      this.arrivals.push({ atMs, task, client });
      await this.#clock.at(this.#answerAtMs(atMs, task));
    }).lane(client, onEnd);
  }
}

/** Makes a rule: each request takes `serviceMs`; none is served in the first `stallMs` of a second. */
export function stalling(serviceMs: number, stallMs: number): (arrivedMs: number) => number {
  return (arrivedMs) => {
    const second = Math.floor(arrivedMs / 1_000) * 1_000;
    return Math.max(arrivedMs, second + stallMs) + serviceMs;
  };
}

/** Makes a rule: one request after another, each for `serviceMs`. */
export function oneByOne(serviceMs: number): (arrivedMs: number) => number {
  let freeMs = 0;
  return (arrivedMs) => freeMs = Math.max(freeMs, arrivedMs) + serviceMs;
}

/** Makes clients that differ only in their number. */
export function numbered(count: number): Sender[] {
  return Array.from(
    { length: count },
    (_, number) => ({ number, connections: 1 }) as unknown as Sender,
  );
}

/** Makes lookups without an end. */
export function lookups(): Tasks {
  let key = 0;
  return { next: () => ({ operation: "lookup", key: key++ }) };
}
