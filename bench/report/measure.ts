/** The measurements of a run: sweeps, and the system calls and disk syncs beside them. */
import { unixMs } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import { sweepClients } from "../../lib/perf/sweep/range.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { Problems } from "../harness/problems.ts";
import { syncTimes } from "../harness/sync_probe.ts";
import { type Hosts, ONE_HOST, TwoHosts, TwoHostsError } from "../harness/hosts.ts";
import { measurePlacements } from "./placements.ts";
import type { Plan, SweepPlan } from "./plan.ts";
import { ProcessorSampler } from "./processor_sampler.ts";
import { sharesOf } from "./processor_shares.ts";
import {
  type BenchData,
  isNotMeasured,
  NOT_ASKED,
  type NotMeasured,
  type PartData,
  type PartName,
  PARTS,
  type SyncTimes,
  type SystemCalls,
} from "./report_data.ts";
import { startNamedServer } from "./named_server.ts";
import { readSite } from "./site.ts";
import { TimeBudget } from "./time_share.ts";
import { runSweep, SweepError } from "./sweep_run.ts";
import { countSystemCalls } from "./system_calls.ts";

/** Receives measurements as soon as they are there. */
export interface Sink {
  /** Reports progress. */
  say(what: string): void;
  /** Receives a sweep, also one that failed. */
  sweep(part: PartName, data: SweepData): Promise<void>;
}

/** Options of the measurements. */
export interface MeasureOptions {
  readonly plan: Plan;
  /** The command line, for the report. */
  readonly command: string;
  /** The folder for the durable tables. */
  readonly folder: string;
  readonly sink: Sink;
  /** Ends the run. */
  readonly signal: AbortSignal;
}

/** The share of the time limit for measuring. The rest is for the report and the pictures. */
const MEASURING_SHARE = 0.85;

/**
 * The share of the time of a sweep in which rounds can begin. A round takes a little longer than the
 * one before, by which testperf plans it, and a sweep that is interrupted is not complete.
 */
const ROUNDS_SHARE = 0.9;

/** The share of the remaining time for system calls. The sweeps matter more. */
const TRACING_WEIGHT = 0.2;

/**
 * Runs the plan until its end, or until the time is up. All measurements are kept. `failures`,
 * `unfinished` and the reasons of each part list those that are missing.
 */
export async function measure(options: MeasureOptions): Promise<BenchData> {
  const { plan, command, folder, sink, signal } = options;
  const startedUnixMs = unixMs();
  const startedMs = performance.now();
  const budget = new TimeBudget(plan.limitS * 1e3 * MEASURING_SHARE, signal);
  const site = await readSite(folder);
  const problems = new Problems();
  let syncs: readonly SyncTimes[] | NotMeasured = NOT_ASKED;
  if (plan.syncS > 0) {
    sink.say("syncs of the disk alone");
    syncs = await orReason(() => syncTimes(`${folder}/bare`, plan.syncS));
  }
  const systemCalls = plan.tracedRequests > 0 ? await trace(options, budget) : NOT_ASKED;
  const { placement } = plan;
  if (placement !== null) sink.say("one client, by the cores of server and client");
  const placements = placement === null
    ? NOT_ASKED
    : await orReason(() => measurePlacements(placement, folder, signal));
  const parts: PartData[] = [];
  let twoHosts: NotMeasured | null = null;
  for (const [at, sweep] of plan.sweeps.entries()) {
    const { title } = PARTS[sweep.part];
    sink.say(`sweep "${sweep.part}": ${title}`);
    const laterWeight = weightOf(plan.sweeps.slice(at + 1));
    try {
      const context = { options, budget, laterWeight, problems, cores: site.cores };
      const part = await measurePart(sweep, context);
      if (part !== undefined) parts.push(part);
    } catch (error) {
      if (error instanceof TwoHostsError) {
        twoHosts = { why: error.message };
        sink.say(`without two hosts: ${error.message}`);
        // This is a failure if every sweep of the plan needs two hosts.
        if (plan.sweeps.every(({ part }) => PARTS[part].hosts === 2)) problems.add(title, error);
      } else problems.add(title, error, signal);
    }
  }
  const { failures, unfinished } = problems;
  return {
    format: "htserver bench",
    version: 1,
    command,
    isQuick: plan.isQuick,
    startedUnixMs,
    seconds: (performance.now() - startedMs) / 1e3,
    site,
    parts,
    twoHosts,
    syncs,
    systemCalls,
    placements,
    failures,
    unfinished,
  };
}

/** The context of a part. */
interface PartContext {
  readonly options: MeasureOptions;
  readonly budget: TimeBudget;
  /** The weight of all later parts. */
  readonly laterWeight: number;
  readonly problems: Problems;
  readonly cores: number;
}

/**
 * Measures one part, with a catalog and a server of its own.
 *
 * @returns undefined without any measurement
 */
async function measurePart(plan: SweepPlan, context: PartContext): Promise<PartData | undefined> {
  const { options: { plan: { keys }, folder, sink, signal }, ...rest } = context;
  const { budget, laterWeight, cores, problems } = rest;
  const { isDurable, hosts: count, title } = PARTS[plan.part];
  await using stack = new AsyncDisposableStack();
  const hosts: Hosts = count === 2 ? stack.use(await TwoHosts.make()) : ONE_HOST;
  const server = stack.use(await startNamedServer({ hosts, isDurable, folder, signal }));
  using sampler = new ProcessorSampler(server.pid);
  const weight = sweepWeight(plan);
  const timeLimitS = Math.max(1, ROUNDS_SHARE * budget.shareMs(weight, laterWeight) / 1e3);
  using share = budget.share(weight, laterWeight);
  let sweep: SweepData | undefined;
  try {
    sweep = await runSweep(plan, server, hosts.clients, keys, timeLimitS, share.signal);
  } catch (error) {
    problems.add(title, error, share.signal);
    if (error instanceof SweepError) sweep = error.data;
  }
  if (sweep === undefined || sweep.steps.length === 0) return undefined;
  await sink.sweep(plan.part, sweep);
  const shares = sampler.samples.length > 0
    ? sharesOf(sweep, sampler.samples, cores)
    : { why: "this operating system has no /proc to read them from" };
  return { name: plan.part, operations: plan.operations, shares };
}

/** The weight of a sweep, in stages. The time to connect and to fill the table is one more stage. */
function sweepWeight({ operations, maxClients }: SweepPlan): number {
  return (operations.length + 1) * sweepClients(maxClients).length;
}

function weightOf(sweeps: readonly SweepPlan[]): number {
  return sweeps.reduce((sum, sweep) => sum + sweepWeight(sweep), 0);
}

/** Turns a failure into the reason why there is no measurement. */
async function orReason<Result>(work: () => Promise<Result>): Promise<Result | NotMeasured> {
  try {
    return await work();
  } catch (error) {
    return { why: messageOf(error) };
  }
}

/** Counts system calls. The servers are started for this alone, because tracing slows them down. */
async function trace(
  { plan, folder, sink }: MeasureOptions,
  budget: TimeBudget,
): Promise<readonly SystemCalls[] | NotMeasured> {
  const counts: SystemCalls[] = [];
  using share = budget.share(TRACING_WEIGHT, 1 - TRACING_WEIGHT);
  const { signal } = share;
  let reason: NotMeasured | undefined;
  for (const isDurable of [false, true]) {
    sink.say(`system calls of a request, ${isDurable ? "durable" : "in memory"}`);
    const calls = await orReason(async () => {
      await using server = await startNamedServer({ hosts: ONE_HOST, isDurable, folder, signal });
      return await countSystemCalls({
        isDurable,
        server,
        folder,
        requests: plan.tracedRequests,
        clients: plan.tracedClients,
        signal,
      });
    });
    if (isNotMeasured(calls)) reason ??= signal.aborted ? { why: messageOf(signal.reason) } : calls;
    else counts.push(...calls);
  }
  return counts.length > 0 ? counts : reason ?? NOT_ASKED;
}
