/** Sweeps in virtual time, over a server whose throughput follows a rule, on a machine that slows down. */
import { randomFrom } from "../../../lib/base/random.ts";
import type { StageData } from "../../../lib/perf/measure/stage_data.ts";
import type { ControlData } from "../../../lib/perf/results/sweep_data.ts";
import { sweepClients } from "../../../lib/perf/sweep/range.ts";
import {
  measureSweep,
  type SweepOptions,
  type SweepPosition,
  type SweepResult,
  type SweepRun,
} from "../../../lib/perf/sweep/sweep.ts";
import type { Operation } from "../../../lib/perf/workload/operation.ts";
import { normal } from "../normal_noise.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { VirtualClock } from "../virtual_clock.ts";

/** A stage in which all clients have the same share of a throughput. */
export function stage(
  name: Operation,
  clients: number,
  opsPerSecond: number,
  changes: Partial<StageData> = {},
  seconds: number = 2,
): StageData {
  const measured = operationData(opsPerSecond * seconds / clients, seconds, [1, 2, 3]);
  return stageData(name, Array(clients).fill(clientData(measured, name)), changes);
}

export const GOOD = { unmeasuredErrors: 0, complete: true, failure: null } as const;

/** Length of a simulated run and of a control, in milliseconds. */
export const RUN_MS = 4_000, CONTROL_MS = 100;

/** The speed of the machine as a share of the usual one, at a moment and in a run of a sweep. */
export type MachineSpeed = (nowMs: number, position?: SweepPosition) => number;

/** A sweep with a record of its events. */
export interface SimulatedSweep {
  readonly result: SweepResult;
  readonly positions: readonly SweepPosition[];
  readonly notes: readonly string[];
}

/** The throughput of all clients on a machine of the usual speed. */
export type Throughput = (clients: number, operation: Operation) => number;

/** Noise of runs and controls. It is so small that no verdict is wrong by chance. */
const NOISE = 0.003;

/** Returns the runs and the controls of a server and its machine. */
export function simulate(
  clock: VirtualClock,
  throughput: Throughput,
  speedAt: MachineSpeed = () => 1,
): Pick<SweepOptions, "run" | "control" | "clock"> {
  const noiseFrom = (seed: number) => {
    const random = randomFrom(seed);
    return () => 1 + NOISE * normal(random);
  };
  const runNoise = noiseFrom(7), controlNoise = noiseFrom(8);
  return {
    clock,
    run: async (clients, operations): Promise<SweepRun> => {
      await clock.sleep(RUN_MS / 2);
      const speed = speedAt(clock.now());
      const startedUnixMs = clock.unixMs();
      await clock.sleep(RUN_MS / 2);
      const stages = operations.map((name) =>
        stage(name, clients, throughput(clients, name) * speed * runNoise(), { startedUnixMs })
      );
      return { ...GOOD, stages };
    },
    control: async (): Promise<ControlData> => {
      await clock.sleep(CONTROL_MS);
      const speed = speedAt(clock.now());
      return { workPerS: 7e8 * speed * controlNoise(), echoesPerS: 6e4 * speed * controlNoise() };
    },
  };
}

/** Measures a simulated sweep. */
export async function sweepOver(
  throughput: Throughput,
  changes: Partial<SweepOptions> = {},
  speedAt: MachineSpeed = () => 1,
): Promise<SimulatedSweep> {
  const clock = new VirtualClock();
  const positions: SweepPosition[] = [];
  const notes: string[] = [];
  const speed = (nowMs: number) => speedAt(nowMs, positions.at(-1));
  const result = await clock.run(measureSweep({
    clientCounts: sweepClients(64),
    repeats: 5,
    operations: ["lookup"],
    stageSeconds: 2,
    seed: 1,
    ...simulate(clock, throughput, speed),
    events: {
      onPosition: (position) => void positions.push(position),
      onRangeStep: () => {},
      onNote: (text) => void notes.push(text),
    },
    ...changes,
  }));
  return { result, positions, notes };
}
