/** Runs the stages: all clients start a stage at the same moment, and end it before the next. */
import { messageOf } from "../base/errors.ts";
import type { HtClient } from "../client/ht_client.ts";
import { LatencyHistogram } from "./histogram.ts";
import type { Stage, Workload } from "./workload.ts";

/** What came of one stage, for one client or for all. */
export interface Measured {
  /** Operations that succeeded. */
  readonly ops: number;
  readonly errors: number;
  /** From the stage's common start to the last reply. */
  readonly seconds: number;
  readonly latency: LatencyHistogram;
}

/** What came of one stage. */
export interface StageResult {
  readonly stage: Stage;
  readonly clients: readonly Measured[];
  readonly sum: Measured;
  /** What the first failed operation said. */
  readonly firstError: string | undefined;
}

/** Scans take longer the more keys there are: their stage ends after this long, in milliseconds. */
export const SCAN_STAGE_MS = 15_000;

/** How to run a stage. */
export interface StageOptions {
  readonly stage: Stage;
  readonly clients: readonly HtClient[];
  readonly workload: Workload;
  /** Operations for each client. */
  readonly ops: number;
  /** Requests in flight for each client. */
  readonly pipeline: number;
  /** Called after each operation. */
  readonly onOperation?: () => void;
}

/** Runs one stage. */
export async function runStage(options: StageOptions): Promise<StageResult> {
  const { stage, clients } = options;
  const started = performance.now();
  const runs = clients.map((client, at) => new ClientRun(client, at + 1, options, started));
  await Promise.all(runs.map((run) => run.done()));
  const latency = new LatencyHistogram();
  for (const run of runs) latency.add(run.latency);
  return {
    stage,
    clients: runs,
    sum: {
      ops: runs.reduce((total, run) => total + run.ops, 0),
      errors: runs.reduce((total, run) => total + run.errors, 0),
      seconds: Math.max(...runs.map((run) => run.seconds)),
      latency,
    },
    firstError: runs.find((run) => run.firstError !== undefined)?.firstError,
  };
}

/** One client in one stage. */
class ClientRun implements Measured {
  ops = 0;
  errors = 0;
  seconds = 0;
  firstError: string | undefined;
  readonly latency = new LatencyHistogram();
  readonly #client: HtClient;
  readonly #number: number;
  readonly #options: StageOptions;
  readonly #startedMs: number;
  #next = 0;

  constructor(client: HtClient, number: number, options: StageOptions, startedMs: number) {
    this.#client = client;
    this.#number = number;
    this.#options = options;
    this.#startedMs = startedMs;
  }

  async done(): Promise<void> {
    const { pipeline, ops } = this.#options;
    const lanes = Array.from({ length: Math.min(pipeline, ops) }, () => this.#lane());
    await Promise.all(lanes);
    this.seconds = (performance.now() - this.#startedMs) / 1e3;
  }

  /** One request at a time; a client has as many lanes as requests in flight. */
  async #lane(): Promise<void> {
    const { stage, workload, ops, onOperation } = this.#options;
    const deadline = stage === "scan" ? this.#startedMs + SCAN_STAGE_MS : Infinity;
    while (this.#next < ops) {
      const before = performance.now();
      if (before > deadline) return;
      try {
        await workload.run(stage, this.#client, this.#number, this.#next++);
        this.latency.record(performance.now() - before);
        this.ops++;
      } catch (error) {
        this.errors++;
        this.firstError ??= messageOf(error);
      }
      onOperation?.();
    }
  }
}
