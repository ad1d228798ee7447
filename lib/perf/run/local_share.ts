/** The clients of a run that are in this process. */
import type { LineClient } from "../../client/line_client.ts";
import { machineClock } from "../../base/clock.ts";
import { readProcessorTime } from "../measure/cpu_time.ts";
import type { DirectSockets } from "../socket/direct_socket.ts";
import { MAX_POLLED } from "../socket/poller.ts";
import { Keys } from "../workload/keys.ts";
import { type Plan, planRun } from "../workload/plan.ts";
import { stageNotes } from "../measure/stage_notes.ts";
import { connectClients, countByServer, serversOf } from "./connect_clients.ts";
import { runStage } from "./stage.ts";
import type { ConnectedTarget, Share, ShareEvents, ShareOrder, UnmeasuredResult } from "./share.ts";
import { errorCount, type StageData } from "../measure/stage_data.ts";
import { TableWorkload, type Tasks } from "../workload/operation.ts";

/** Requests in flight for each client during inserts and removes that are not measured. */
const UNMEASURED_PIPELINE = 64;

/** Duration of a stage that is not measured, in milliseconds: unlimited. */
const UNLIMITED_MS = Number.MAX_SAFE_INTEGER;

/**
 * Time between the start order and the start of a stage, in milliseconds. A message to another process
 * takes 1 to 2 ms.
 */
export const START_LEAD_MS = 50;

/** Reason of requests that the end of the run aborts. */
const RUN_ENDED = "the run ended";

/** A run in this process. */
interface LocalRun {
  readonly order: ShareOrder;
  readonly clients: readonly LineClient[];
  readonly workload: TableWorkload;
  readonly plan: Plan;
  readonly stop: AbortController;
}

/** A stage that waits for its start, or that runs. */
interface PendingStage {
  readonly start: PromiseWithResolvers<number>;
  readonly data: Promise<StageData>;
}

/** The clients of a run that are in this process. */
export class LocalShare implements Share {
  readonly #events: ShareEvents;
  readonly #sockets: DirectSockets | undefined;
  /** Ends the current run, also while its clients connect. */
  #stop: AbortController | undefined;
  #run: LocalRun | undefined;
  #stage: PendingStage | undefined;
  /** Ends the refill or the stage. */
  #cancel = new AbortController();

  /** @param sockets those of the clients (default: ordinary ones) */
  constructor(events: ShareEvents, sockets?: DirectSockets) {
    this.#events = events;
    this.#sockets = sockets;
  }

  async connect(order: ShareOrder): Promise<ConnectedTarget> {
    const { config, connection, from, to, seed, keyPrefix } = order;
    const stop = this.#stop = new AbortController();
    const count = to - from;
    const options = { ...connection, onWarning: (text: string) => this.#events.onNote(text) };
    const connectTcp = count > MAX_POLLED ? undefined : this.#sockets?.connect;
    const clients = await connectClients(config.target, { from, count }, options, connectTcp);
    if (stop.signal.aborted) {
      await Promise.all(clients.map((client) => client.close()));
      throw new Error(RUN_ENDED);
    }
    this.#run = {
      order,
      clients,
      workload: new TableWorkload(new Keys(seed, keyPrefix), config.valueBytes, config.verify),
      plan: planRun(config, seed),
      stop,
    };
    const [first] = clients;
    if (first === undefined) throw new RangeError("A share has at least one client");
    return { servers: serversOf(first), table: first.table, clientsAt: countByServer(clients) };
  }

  async prepare(stage: number): Promise<UnmeasuredResult> {
    const { name, prepare } = this.#plan(stage);
    let result = this.#emptyResult();
    for (const tasks of prepare) {
      result = joinResults(result, await this.#runUnmeasured(`preparation of ${name}`, tasks));
      if (result.isGone) break;
    }
    return result;
  }

  refill(stage: number, keys: number, untilUnixMs: number): Promise<UnmeasuredResult> {
    const { name, refill } = this.#plan(stage);
    if (refill === undefined) {
      throw new TypeError("Only stages by time that remove keys have a refill");
    }
    return this.#runUnmeasured(`preparation of ${name}`, (client) => refill(client, keys), {
      durationMs: Math.max(untilUnixMs - machineClock.unixMs(), 0),
      // Then the removes end early, which the result shows.
      expected: ["TableFull"],
    });
  }

  async warm(stage: number, keyEnds: readonly number[]): Promise<void> {
    const { order, clients, workload, plan, stop } = this.#activeRun();
    const { name, tasks, warmup, length } = this.#plan(stage);
    for (const [client, keys] of plan.keys.entries()) keys.end = keyEnds[client] ?? keys.end;
    const { pipeline, ratePerS, warmupMs } = order.config;
    const isTimed = "durationMs" in length;
    const isWarm = Promise.withResolvers<void>();
    const start = Promise.withResolvers<number>();
    const data = runStage({
      stage: name,
      clients,
      workload,
      tasks: (client) => tasks(order.from + client),
      length,
      pipeline,
      ratePerS,
      processorTime: () => ({
        ...readProcessorTime(),
        fruitlessMs: this.#sockets?.fruitlessMs ?? 0,
      }),
      place: { first: order.from, of: order.config.clients },
      // The load of a stage by time begins with its warm-up.
      warmup: isTimed
        ? undefined
        : { ms: warmupMs, tasks: (client) => warmup(order.from + client) },
      gate: async () => {
        isWarm.resolve();
        const startUnixMs = await start.promise, waitMs = startUnixMs - machineClock.unixMs();
        // A longer wait means that the clock was set meanwhile.
        if (waitMs > 0) await machineClock.sleep(Math.min(waitMs, START_LEAD_MS), stop.signal);
        return isTimed ? machineClock.now() + startUnixMs - machineClock.unixMs() : undefined;
      },
      onOperation: () => this.#events.onProgress(1),
      stop: this.#cancelOr(stop),
    });
    this.#stage = { start, data };
    // If the server is gone during the warm-up, the stage ends before its start.
    await Promise.race([isWarm.promise, data]);
  }

  async start(startUnixMs: number): Promise<StageData> {
    const stage = this.#stage;
    if (stage === undefined) throw new TypeError("warm() comes before start()");
    this.#stage = undefined;
    stage.start.resolve(startUnixMs);
    return await stage.data;
  }

  cancel(): void {
    this.#cancel.abort();
  }

  cleanUp(): Promise<UnmeasuredResult> {
    // A key whose insert failed is missing; that error was counted before.
    return this.#runUnmeasured("clean-up", this.#activeRun().plan.cleanUp, {
      expected: ["KeyError"],
    });
  }

  async end(): Promise<void> {
    const current = this.#run;
    this.#run = undefined;
    this.#stop?.abort(RUN_ENDED);
    this.#stage?.start.resolve(0);
    this.#stage = undefined;
    await Promise.all(current?.clients.map((client) => client.close()) ?? []);
  }

  close(): Promise<void> {
    return this.end();
  }

  #activeRun(): LocalRun {
    if (this.#run === undefined) throw new TypeError("connect() comes first");
    return this.#run;
  }

  #plan(stage: number) {
    const plan = this.#activeRun().plan.stages[stage];
    if (plan === undefined) throw new RangeError(`There is no stage ${stage}`);
    return plan;
  }

  /**
   * Performs tasks without measuring.
   *
   * @param durationMs no task begins after this time, in milliseconds (default: no limit)
   * @param expected kinds of errors that do not count (default: none)
   */
  async #runUnmeasured(
    name: string,
    tasks: (client: number) => Tasks,
    { durationMs = UNLIMITED_MS, expected = [] }: {
      readonly durationMs?: number;
      readonly expected?: readonly string[];
    } = {},
  ): Promise<UnmeasuredResult> {
    const { order, clients, workload, stop } = this.#activeRun();
    const data = await runStage({
      stage: name,
      clients,
      workload,
      tasks: (client) => tasks(order.from + client),
      length: { durationMs },
      pipeline: UNMEASURED_PIPELINE,
      stop: this.#cancelOr(stop),
    });
    const errors = Object.entries(data.sum.errors).filter(([kind]) => !expected.includes(kind));
    const failed = errorCount(Object.fromEntries(errors));
    return {
      ...this.#emptyResult(),
      failed,
      notes: failed > 0 ? stageNotes(data) : [],
      isGone: data.ended === "server gone",
    };
  }

  /** A signal for one step: `cancel` does not end the steps after it. */
  #cancelOr(stop: AbortController): AbortSignal {
    this.#cancel = new AbortController();
    return AbortSignal.any([stop.signal, this.#cancel.signal]);
  }

  #emptyResult(): UnmeasuredResult {
    const { order: { from, to }, plan } = this.#activeRun();
    const keyEnds = plan.keys.slice(from, to).map(({ end }) => end);
    return { keyEnds, failed: 0, notes: [], isGone: false };
  }
}

/** Joins the results of two steps, one after the other. */
function joinResults(before: UnmeasuredResult, after: UnmeasuredResult): UnmeasuredResult {
  return {
    keyEnds: after.keyEnds,
    failed: before.failed + after.failed,
    notes: [...before.notes, ...after.notes],
    isGone: before.isGone || after.isGone,
  };
}
