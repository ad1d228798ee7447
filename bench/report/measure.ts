/** The measurements of a run: sweeps, and the system calls and disk syncs beside them. */
import { unixMs } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import { sweepClients } from "../../lib/perf/sweep/range.ts";
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";
import { Problems } from "../harness/problems.ts";
import { syncTimes } from "../harness/sync_probe.ts";
import { type Hosts, ONE_HOST, TwoHosts, TwoHostsError } from "../harness/hosts.ts";
import { joinSweeps } from "./joined_sweeps.ts";
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
  type SyncTimes,
  type SystemCalls,
} from "./report_data.ts";
import { type NamedServer, startNamedServer } from "./named_server.ts";
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

const NOT_ASKED: NotMeasured = { why: "it was not asked for" };

/** The share of the time limit for measuring. The rest is for the report and the pictures. */
const MEASURING_SHARE = 0.85;

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
  const { options: { folder, sink, signal }, cores } = context;
  const { isDurable, hosts: count } = PARTS[plan.part];
  await using stack = new AsyncDisposableStack();
  const hosts: Hosts = count === 2 ? stack.use(await TwoHosts.make()) : ONE_HOST;
  const server = stack.use(await startNamedServer({ hosts, isDurable, folder, signal }));
  using sampler = new ProcessorSampler(server.pid);
  const sweeps = await runSweeps(plan, server, hosts, context);
  if (sweeps.every(({ steps }) => steps.length === 0)) return undefined;
  const sweep = sweeps.reduce(joinSweeps);
  await sink.sweep(plan.part, sweep);
  const shares = sampler.samples.length > 0
    ? sharesOf(sweep, sampler.samples, cores)
    : { why: "this operating system has no /proc to read them from" };
  return { name: plan.part, operations: plan.operations, shares };
}

/**
 * Runs the sweeps of a part, and returns all that they measured. Removes have a sweep of their own:
 * they need more keys than a scan can read in its time.
 */
async function runSweeps(
  plan: SweepPlan,
  server: NamedServer,
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
      sweeps.push(await runSweep(one, server, clients, tableKeys, share.signal));
    } catch (error) {
      problems.add(`${title}, ${operations.join(", ")}`, error, share.signal);
      if (error instanceof SweepError && error.data !== undefined) sweeps.push(error.data);
      if (problems.failures.length > 0) break; // The server may be broken.
    }
  }
  return sweeps;
}

/** The weight of a sweep, in stages. The time to connect and to fill the table is one more stage. */
function sweepWeight({ operations, maxClients }: SweepPlan): number {
  return operations.length === 0 ? 0 : (operations.length + 1) * sweepClients(maxClients).length;
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
