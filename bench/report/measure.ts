/** A run of the benchmark: one sweep after the other, and what is measured beside them. */
import { unixMs } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import { sweepClients } from "../../lib/perf/sweep_steps.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { Problems } from "../harness/problems.ts";
import { type Hosts, ONE_HOST } from "./hosts.ts";
import { joinedSweeps } from "./joined_sweeps.ts";
import type { Plan, SweepPlan } from "./plan.ts";
import { ProcessorSampler } from "./processor_sampler.ts";
import { sharesOf } from "./processor_shares.ts";
import {
  type BenchData,
  isNotMeasured,
  type NotMeasured,
  type PartData,
  type PartName,
  PARTS,
} from "./report_data.ts";
import { Served } from "./served.ts";
import { siteOf } from "./site.ts";
import { TimeBudget } from "./time_share.ts";
import { runSweep, SweepError } from "./sweep_run.ts";
import { type SyncTimes, syncTimes } from "./sync_times.ts";
import { type SystemCalls, systemCallsOf } from "./system_calls.ts";
import { TwoHosts, TwoHostsError } from "./two_hosts.ts";

/** Takes what is measured, as soon as it is. */
export interface Sink {
  /** For people. */
  say(what: string): void;
  /** A sweep, even where it failed. */
  sweep(part: PartName, data: SweepData): Promise<void>;
}

/** How to run. */
export interface MeasureOptions {
  readonly plan: Plan;
  /** What was typed. */
  readonly command: string;
  /** For the durable tables. */
  readonly folder: string;
  readonly sink: Sink;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

const NOT_ASKED: NotMeasured = { why: "it was not asked for" };

/** Of the time of a run: the rest is for last words, the report and the pictures. */
const MEASURING_SHARE = 0.85;

/** What system calls may take of the time that is left: the sweeps are worth more. */
const TRACING_WEIGHT = 0.2;

/**
 * Runs the plan until all is done or the time is up. Keeps all that was measured: what failed, was
 * cut short or was not begun is in `failures`, `unfinished` and the reasons of each part.
 */
export async function measure(options: MeasureOptions): Promise<BenchData> {
  const { plan, command, folder, sink, signal } = options;
  const startedUnixMs = unixMs();
  const startedMs = performance.now();
  const budget = new TimeBudget(plan.limitS * 1e3 * MEASURING_SHARE, signal);
  const site = await siteOf(folder);
  const problems = new Problems();
  let syncs: readonly SyncTimes[] | NotMeasured = NOT_ASKED;
  if (plan.syncS > 0) {
    sink.say("syncs of the disk alone");
    syncs = await orReason(() => syncTimes(folder, plan.syncS));
  }
  const systemCalls = plan.tracedRequests > 0 ? await traced(options, budget) : NOT_ASKED;
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
        // If all that was asked for needs two hosts, this is a failure; else the run has the rest.
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
    removeKeys: plan.removeKeys,
    startedUnixMs,
    seconds: (performance.now() - startedMs) / 1e3,
    site,
    parts,
    twoHosts,
    syncs,
    systemCalls,
    failures,
    unfinished,
  };
}

/** What a part is measured with. */
interface PartContext {
  readonly options: MeasureOptions;
  readonly budget: TimeBudget;
  /** Of all parts that come after this one. */
  readonly laterWeight: number;
  readonly problems: Problems;
  readonly cores: number;
}

/**
 * One part, with catalog and server of its own.
 *
 * @returns undefined if nothing was measured
 */
async function measurePart(plan: SweepPlan, context: PartContext): Promise<PartData | undefined> {
  const { options: { folder, sink, signal }, cores } = context;
  const { isDurable, hosts: count } = PARTS[plan.part];
  await using stack = new AsyncDisposableStack();
  const hosts: Hosts = count === 2 ? stack.use(await TwoHosts.make()) : ONE_HOST;
  const served = stack.use(await Served.start({ hosts, isDurable, folder, signal }));
  using sampler = new ProcessorSampler(served.pid);
  const sweeps = await sweepsOf(plan, served, hosts, context);
  if (sweeps.every(({ steps }) => steps.length === 0)) return undefined;
  const sweep = sweeps.reduce(joinedSweeps);
  await sink.sweep(plan.part, sweep);
  const shares = sampler.samples.length > 0
    ? sharesOf(sweep, sampler.samples, cores)
    : { why: "this operating system has no /proc to read them from" };
  return { name: plan.part, operations: plan.operations, shares };
}

/**
 * The sweeps of a part, as far as each came. Removes have one of their own, since they need more keys
 * than a scan can go through in its time.
 */
async function sweepsOf(
  plan: SweepPlan,
  served: Served,
  { clients }: Hosts,
  { options: { plan: { keys, removeKeys } }, budget, laterWeight, problems }: PartContext,
): Promise<SweepData[]> {
  const { title } = PARTS[plan.part];
  const others = plan.operations.filter((operation) => operation !== "remove");
  const removes = plan.operations.filter((operation) => operation === "remove");
  const removesWeight = sweepWeight({ ...plan, operations: removes });
  const runs = [
    { operations: others, tableKeys: keys, later: laterWeight + removesWeight },
    { operations: removes, tableKeys: removeKeys, later: laterWeight },
  ];
  const sweeps: SweepData[] = [];
  for (const { operations, tableKeys, later } of runs) {
    if (operations.length === 0) continue;
    const one = { ...plan, operations };
    using share = budget.share(sweepWeight(one), later);
    try {
      sweeps.push(await runSweep(one, served, clients, tableKeys, share.signal));
    } catch (error) {
      problems.add(`${title}, ${operations.join(", ")}`, error, share.signal);
      if (error instanceof SweepError && error.data !== undefined) sweeps.push(error.data);
      if (problems.failures.length > 0) break; // The server is likely not what it was.
    }
  }
  return sweeps;
}

/** What a sweep takes, in stages; to fill the table and to connect takes as long as one more. */
function sweepWeight({ operations, mostClients }: SweepPlan): number {
  return operations.length === 0 ? 0 : (operations.length + 1) * sweepClients(mostClients).length;
}

function weightOf(sweeps: readonly SweepPlan[]): number {
  return sweeps.reduce((sum, sweep) => sum + sweepWeight(sweep), 0);
}

/** What could not be measured is a finding, too. */
async function orReason<Result>(work: () => Promise<Result>): Promise<Result | NotMeasured> {
  try {
    return await work();
  } catch (error) {
    return { why: messageOf(error) };
  }
}

/** Counts system calls, on servers of their own: what is traced is slow. */
async function traced(
  { plan, folder, sink }: MeasureOptions,
  budget: TimeBudget,
): Promise<readonly SystemCalls[] | NotMeasured> {
  const counted: SystemCalls[] = [];
  using share = budget.share(TRACING_WEIGHT, 1 - TRACING_WEIGHT);
  const { signal } = share;
  let reason: NotMeasured | undefined;
  for (const isDurable of [false, true]) {
    sink.say(`system calls of a request, ${isDurable ? "durable" : "in memory"}`);
    const calls = await orReason(async () => {
      await using served = await Served.start({ hosts: ONE_HOST, isDurable, folder, signal });
      return await systemCallsOf({
        isDurable,
        pid: served.pid,
        name: served.name,
        catalog: served.catalog,
        folder,
        requests: plan.tracedRequests,
        clients: plan.tracedClients,
        signal,
      });
    });
    if (isNotMeasured(calls)) reason ??= signal.aborted ? { why: messageOf(signal.reason) } : calls;
    else counted.push(...calls);
  }
  return counted.length > 0 ? counted : reason ?? NOT_ASKED;
}
