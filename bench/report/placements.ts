/**
 * The lookups of one client with server and client on chosen cores. On one core, the kernel switches
 * from one program to the other. On two, each request and each reply wakes a core that sleeps. So the
 * difference is the cost of waking a core.
 */
import {
  opsPerSecond as opsPerSecondOf,
  type StageData,
} from "../../lib/perf/measure/stage_data.ts";
import type { RunData } from "../../lib/perf/results/run_data.ts";
import { isPinning, pinned } from "../harness/cpu_pinning.ts";
import { type Hosts, ONE_HOST } from "../harness/hosts.ts";
import { fromSource, run } from "../harness/program.ts";
import { type NamedServer, startNamedServer, throughOnly } from "./named_server.ts";
import type { NotMeasured, Placement } from "./report_data.ts";

/** The rounds, and the length of one measurement in seconds. */
export interface PlacementPlan {
  readonly rounds: number;
  readonly seconds: number;
}

/** Turns a command into one that runs on the core of the server, on the other one, or on any. */
type Pin = (command: readonly string[]) => string[];

const anywhere: Pin = (command) => [...command];
const onFirst: Pin = (command) => pinned("server", command);
const onSecond: Pin = (command) => pinned("load", command);

const PLACEMENTS: readonly { where: string; server: Pin; client: Pin }[] = [
  { where: "chosen by the kernel", server: anywhere, client: anywhere },
  { where: "both on one core", server: onFirst, client: onFirst },
  { where: "each on its own core", server: onFirst, client: onSecond },
];

/** Measures all placements, in rounds, so that a slow time of the machine meets all of them. */
export async function measurePlacements(
  { rounds, seconds }: PlacementPlan,
  folder: string,
  signal: AbortSignal,
): Promise<readonly Placement[] | NotMeasured> {
  if (!isPinning) return { why: "it needs two cores, and taskset to choose one" };
  await using stack = new AsyncDisposableStack();
  const start = async (pin: Pin) => {
    const server = { ...ONE_HOST.server, command: pin };
    const hosts: Hosts = { ...ONE_HOST, server };
    return stack.use(await startNamedServer({ hosts, isDurable: false, folder, signal }));
  };
  const free = await start(anywhere);
  const fixed = await start(onFirst);
  const placements = PLACEMENTS.map(({ where, ...pins }) => ({
    ...{ where, pins },
    ...{ opsPerSecond: [] as number[], p50Ms: [] as number[] },
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { pins, opsPerSecond, p50Ms } of placements) {
      const server = pins.server === anywhere ? free : fixed;
      const stage = await measureLookups(server, pins.client, seconds, signal);
      opsPerSecond.push(opsPerSecondOf(stage.sum));
      p50Ms.push(stage.sum.latency.p50Ms);
    }
  }
  return placements.map(({ pins: _, ...placement }) => placement);
}

async function measureLookups(
  server: NamedServer,
  pin: Pin,
  seconds: number,
  signal: AbortSignal,
): Promise<StageData> {
  const command = fromSource("testperf.ts", server.name, ...argsOf(server, seconds));
  const { code, stdout, stderr } = await run(pin(command), { signal });
  if (code !== 0) throw new Error(`testperf ended with exit code ${code}: ${stderr.trim()}`);
  const { stages: [stage] } = JSON.parse(stdout) as RunData;
  if (stage === undefined) throw new Error("testperf measured no stage");
  return stage;
}

function argsOf({ catalog }: NamedServer, seconds: number): string[] {
  return [
    ...["--operations", "lookup", "--keys", "1000", "--warmup", "0.2"],
    ...["--duration", String(seconds), "--json", "--quiet"],
    ...throughOnly(catalog),
  ];
}
