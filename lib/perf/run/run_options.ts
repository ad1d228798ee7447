/** The inputs and the events of a run. */
import type { ClientOptions } from "../../client/client_options.ts";
import type { TestPerfConfig } from "../../config/testperf_config.ts";
import type { StageData } from "../measure/stage_data.ts";
import type { StagePlan } from "../workload/plan.ts";
import type { Alignment } from "./alignment.ts";
import type { Observer } from "./observer.ts";
import type { RunTarget, Share } from "./share.ts";

/** The inputs of a run. */
export interface RunOptions {
  readonly config: TestPerfConfig;
  readonly connection: ClientOptions;
  readonly seed: number;
  /** One for each process. A run does not use more shares than it has clients. */
  readonly shares: readonly Share[];
  /** Server and table of the previous run (default: the server is found by its name). */
  readonly at?: RunTarget | undefined;
  /** Counts other testperf processes from the start of the first stage on (default: they do not count). */
  readonly observer?: Pick<Observer, "count" | "endCount" | "look"> | undefined;
  /** Decides when a run by time starts (default: at once). */
  readonly alignment?: Pick<Alignment, "start" | "watch" | "alignedUnixMs"> | undefined;
  /** Its abort, with the reason, ends the run early; the results so far are kept. */
  readonly stop?: AbortSignal | undefined;
  readonly events: RunEvents;
}

/** The events of a run. */
export interface RunEvents {
  /** All clients are connected. */
  onConnected?(server: RunTarget): void;
  /**
   * The run waits for a start with other testperf processes, or for a later one. Stages that it has
   * measured before are discarded.
   *
   * @param startUnixMs start of the first stage, in Unix milliseconds
   * @param others number of the other processes
   */
  onWait?(startUnixMs: number, others: number): void;
  /** A stage begins with its warm-up. */
  onStage?(plan: StagePlan, clients: number): void;
  /** A stage has ended; undefined: the run ended early, perhaps during a stage. */
  onStageEnd?(data: StageData | undefined): void;
  /** A sentence for the user. */
  onNote(text: string): void;
}
