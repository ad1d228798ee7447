/**
 * The measurement of a server: shares of clients execute one run after another, and the result is the
 * raw data of all runs.
 */
import { addressText } from "../base/address.ts";
import { machineClock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { ClientOptions } from "../client/client_options.ts";
import type { TestPerfConfig } from "../config/testperf_config.ts";
import type { Output } from "./results/output.ts";
import { runSettings, type ServerClients } from "./results/run_data.ts";
import { latencyNote } from "./results/run_report.ts";
import type { RawData } from "./results/series.ts";
import { analyzeSweep } from "./results/sweep_analysis.ts";
import { agentOf } from "./run/agent.ts";
import { Alignment } from "./run/alignment.ts";
import { Observer } from "./run/observer.ts";
import type { Process } from "./run/remote_share.ts";
import { isGood, runStages, unlessStopped } from "./run/run.ts";
import type { ConnectedTarget } from "./run/share.ts";
import { Shares } from "./run/shares.ts";
import type { Screen } from "../terminal/status_line.ts";
import { RunReporter } from "./run_reporter.ts";
import { measureControl } from "./sweep/control.ts";
import { sweepClients } from "./sweep/range.ts";
import { measureSweep, type SweepOptions } from "./sweep/sweep.ts";
import type { DirectSockets } from "./socket/direct_socket.ts";
import { Keys } from "./workload/keys.ts";
import { newSeed } from "./workload/seeded_streams.ts";

/** This process, its workers, and the stop signal of a measurement. */
interface RunEnvironment {
  /** Name of the machine (default: `localhost`). */
  readonly host?: string;
  /** Number of this process (default: 0). */
  readonly pid?: number;
  /** Processes that wait for orders (default: none). They end with the measurement. */
  readonly workers?: readonly Process[];
  /** The sockets of the clients in this process (default: ordinary ones). */
  readonly sockets?: DirectSockets | undefined;
  /** Its abort, with the reason, ends the measurement early; the results so far are kept. */
  readonly stop?: AbortSignal;
  /** Shows the progress (default: it is not shown). */
  readonly screen?: Screen;
}

/** The result of a measurement. */
interface Measurement {
  readonly data: RawData;
  /** Sentences on the measurement for people, in the order of its events. */
  readonly notes: readonly string[];
  /** Whether it ended as planned, every operation succeeded and every value was right. */
  readonly isGood: boolean;
}

/**
 * Measures a server.
 *
 * @param output for what the user must know at once
 * @throws {HtError} if the first run does not find the server, or the server rejects it
 */
export async function measure(
  config: TestPerfConfig,
  connection: ClientOptions,
  output: Pick<Output, "note">,
  { host = "localhost", pid = 0, workers = [], sockets, stop, screen }: RunEnvironment = {},
): Promise<Measurement> {
  const { sweep, target } = config;
  const seed = config.seed ?? newSeed();
  const keyBytes = new Keys(seed, config.keyPrefix).size;
  using reporter = new RunReporter(config, pid, screen, output.note);
  await using shares = new Shares(workers, reporter, sockets);
  const options = { ...connection, agent: agentOf(host, pid) };
  await using observer = await unlessStopped(Observer.connect(target, options), stop);
  const isAligned = config.durationMs !== undefined && sweep === undefined;
  const alignment = isAligned ? alignmentOf(config, observer, reporter, stop) : undefined;
  await unlessStopped(shares.ready(), stop);
  const startedUnixMs = machineClock.unixMs();
  if (!isAligned) {
    await observer.announce(startedUnixMs);
    await observer.look();
  }
  let server: ConnectedTarget | undefined;
  const run: SweepOptions["run"] = async (clients, operations) => {
    try {
      const result = await runStages({
        config: { ...config, clients, operations },
        connection: options,
        seed,
        shares: shares.all,
        at: server ?? observer.server,
        observer,
        alignment,
        stop,
        events: reporter,
      });
      server = result.server;
      return result;
    } catch (error) {
      // If a later run does not find the server, the results of the earlier ones are kept.
      if (server === undefined) throw error;
      const failure = messageOf(error);
      reporter.onNote(`The sweep ended early: ${failure}`);
      return { stages: [], unmeasuredErrors: 0, complete: false, failure };
    }
  };
  const common = (clients: number) => ({
    version: 1,
    target,
    server: server?.servers.slice(0, 1).map(addressText).join() ?? "",
    ...(server?.table?.isShared && { servers: serversWithClients(server) }),
    startedUnixMs,
    host,
    pid,
    instance: observer.instance,
    table: server?.table?.table ?? null,
    alignedUnixMs: alignment?.alignedUnixMs ?? null,
    others: observer.others,
    seed,
    settings: runSettings({ ...config, clients }, keyBytes),
    latencies: latencyNote(config.ratePerS === undefined ? "closed" : "open"),
  } as const);
  const noteEarlierKeys = () => {
    const note = config.quiet ? undefined : earlierKeysNote(config, observer.earlierKeys);
    if (note !== undefined) reporter.onNote(note);
  };
  if (sweep === undefined) {
    const { stages, ...end } = await run(config.clients, config.operations);
    if (!isAligned && !config.quiet && observer.others !== 0) reporter.onNote(OPS_NOTE);
    noteEarlierKeys();
    const { unmeasuredErrors, complete, failure } = end;
    return {
      data: {
        format: "testperf run",
        ...common(config.clients),
        stages,
        unmeasuredErrors,
        complete,
        failure,
      },
      notes: reporter.notes,
      isGood: isGood({ stages, ...end }),
    };
  }
  const { isGood: isSweepGood, failure, complete, steps, ...results } = await measureSweep({
    clientCounts: sweepClients(sweep.maxClients),
    repeats: sweep.repeats,
    limitMs: sweep.limitMs,
    operations: config.operations,
    stageSeconds: (config.durationMs ?? 0) / 1e3,
    seed,
    run,
    // The processes of testperf, and the server.
    control: () => measureControl(config.processes + 1),
    clock: machineClock,
    events: reporter,
  });
  noteEarlierKeys();
  return {
    data: {
      format: "testperf sweep",
      ...common(steps.at(-1)?.clients ?? 1),
      steps,
      ...results,
      analysis: analyzeSweep(steps, seed),
      complete,
      failure: complete ? null : failure ?? "a stage could not be measured to its end",
    },
    notes: reporter.notes,
    isGood: isSweepGood,
  };
}

function serversWithClients({ servers, clientsAt }: ConnectedTarget): ServerClients[] {
  // Also those that a client found itself, because its own server had ended.
  const all = new Set([...servers.map(addressText), ...Object.keys(clientsAt)]);
  return [...all].map((server) => ({ server, clients: clientsAt[server] ?? 0 }));
}

/** The note on a run with a number of operations. */
const OPS_NOTE =
  "With --ops, the throughputs of several processes may be added up only if each stage ran at the same time in all of them (at least 95% of it)";

/** Returns the note on scans that mostly read keys that were in the table before this run, if there are any. */
function earlierKeysNote(
  { operations, mix, ops = 0, clients, keys = ops * clients }: TestPerfConfig,
  earlierKeys: number | null,
): string | undefined {
  const scans = mix === undefined ? operations.includes("scan") : (mix.scan ?? 0) > 0;
  if (!scans || earlierKeys === null || earlierKeys <= keys) return undefined;
  return `scan: the table had ${
    earlierKeys.toLocaleString("en-US")
  } keys before this run, and each scan reads them, too: with an empty table, scans are faster`;
}

/** The alignment of a run by time with the other processes that the observer sees. */
function alignmentOf(
  { warmupMs, edgeMs }: TestPerfConfig,
  observer: Observer,
  reporter: RunReporter,
  stop: AbortSignal | undefined,
): Alignment {
  return new Alignment({
    look: () => observer.look(),
    announce: (startUnixMs) => observer.announce(startUnixMs),
    clock: machineClock,
    maxLateMs: warmupMs + edgeMs,
    onWait: (startUnixMs, others) => reporter.onWait(startUnixMs, others),
    stop,
  });
}
