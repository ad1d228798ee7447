/** A run of the benchmark: one sweep after the other, and what is measured beside them. */
import { unixMs } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { SweepData } from "../../lib/perf/sweep_data.ts";
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

/**
 * Runs the plan.
 *
 * @throws {SweepError} where a sweep failed; the sink has what it measured
 */
export async function measure(options: MeasureOptions): Promise<BenchData> {
  const { plan, command, folder, sink } = options;
  const startedUnixMs = unixMs();
  const startedMs = performance.now();
  const site = await siteOf(folder);
  let syncs: readonly SyncTimes[] | NotMeasured = NOT_ASKED;
  if (plan.syncS > 0) {
    sink.say("syncs of the disk alone");
    syncs = await syncTimes(folder, plan.syncS);
  }
  const systemCalls = plan.tracedRequests > 0 ? await traced(options) : NOT_ASKED;
  const parts: PartData[] = [];
  let twoHosts: NotMeasured | null = null;
  for (const sweep of plan.sweeps) {
    sink.say(`sweep "${sweep.part}": ${PARTS[sweep.part].title}`);
    try {
      parts.push(await measurePart(sweep, site.cores, options));
    } catch (error) {
      // Whoever asks for nothing else is to be told; the others get the rest.
      if (!(error instanceof TwoHostsError) || parts.length === 0) throw error;
      twoHosts = { why: error.message };
      sink.say(`without two hosts: ${error.message}`);
    }
  }
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
  };
}

/** One sweep, with catalog and server of its own. */
async function measurePart(
  plan: SweepPlan,
  cores: number,
  options: MeasureOptions,
): Promise<PartData> {
  const { folder, sink, signal } = options;
  const { isDurable, hosts: count } = PARTS[plan.part];
  await using stack = new AsyncDisposableStack();
  const hosts: Hosts = count === 2 ? stack.use(await TwoHosts.make()) : ONE_HOST;
  const served = stack.use(await Served.start({ hosts, isDurable, folder, signal }));
  using sampler = new ProcessorSampler(served.pid);
  try {
    const sweep = await sweepOf(plan, served, hosts, options);
    await sink.sweep(plan.part, sweep);
    const shares = sampler.samples.length > 0
      ? sharesOf(sweep, sampler.samples, cores)
      : { why: "this operating system has no /proc to read them from" };
    return { name: plan.part, operations: plan.operations, shares };
  } catch (error) {
    if (error instanceof SweepError && error.data !== undefined) {
      await sink.sweep(plan.part, error.data);
    }
    throw error;
  }
}

/** Removes have a sweep of their own, since they need more keys than a scan can go through in its time. */
async function sweepOf(
  plan: SweepPlan,
  served: Served,
  { clients }: Hosts,
  { plan: { keys, removeKeys }, signal }: MeasureOptions,
): Promise<SweepData> {
  const others = plan.operations.filter((operation) => operation !== "remove");
  const sweep = await runSweep({ ...plan, operations: others }, served, clients, keys, signal);
  if (others.length === plan.operations.length) return sweep;
  const removes = { ...plan, operations: ["remove"] as const };
  return joinedSweeps(sweep, await runSweep(removes, served, clients, removeKeys, signal));
}

/** Counts system calls, on servers of their own: what is traced is slow. */
async function traced(options: MeasureOptions): Promise<readonly SystemCalls[] | NotMeasured> {
  const { plan, folder, sink, signal } = options;
  const counted: SystemCalls[] = [];
  for (const isDurable of [false, true]) {
    sink.say(`system calls of a request, ${isDurable ? "durable" : "in memory"}`);
    await using served = await Served.start({ hosts: ONE_HOST, isDurable, folder, signal });
    try {
      const calls = await systemCallsOf({
        isDurable,
        pid: served.pid,
        name: served.name,
        catalog: served.catalog,
        folder,
        requests: plan.tracedRequests,
        clients: plan.tracedClients,
        signal,
      });
      if (isNotMeasured(calls)) return calls;
      counted.push(...calls);
    } catch (error) {
      signal.throwIfAborted();
      return { why: messageOf(error) }; // the sweeps are worth more than this
    }
  }
  return counted;
}
