/**
 * A server under varied work for a long time.
 *
 * The work does not grow: a fixed set of keys, clients at a fixed rate, visitors. It stops at intervals
 * for a rest: all visitors disconnect, every key gets its fixed size, and garbage is collected. So the
 * resources of all rests can be compared.
 */
import { HtClient } from "../../client.ts";
import { sleep } from "../../lib/base/clock.ts";
import { randomFrom } from "../../lib/base/random.ts";
import { TemporaryFolder } from "../harness/folders.ts";
import { readMachine } from "../harness/machine.ts";
import { handles, memoryBytes, threads } from "../harness/process_watch.ts";
import { type Findings, megabytes, type Rest, type Sample } from "./findings.ts";
import { SteadyClient } from "./steady_client.ts";
import { Visitors } from "./visitors.ts";
import { WatchedServer } from "./watched_server.ts";

/** Options of a soak. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Scripts to load into the server (default: none). */
  readonly preloads?: readonly string[];
  /** Ends the run early. */
  readonly signal?: AbortSignal;
  /** Reports progress. */
  readonly say: (what: string) => void;
}

const STEADY_CLIENTS = 6;

/** The flags of the server, except for its folder. A flood exceeds the client limit. */
const FLAGS = [
  ...["--compact-entries", "500"],
  ...["--max-clients", "40"],
  ...["--max-request", "2000000B"],
];

/** Minimum number of rests, also on a slow machine. */
const MIN_RESTS = 6;

/** Rests of a short run. A long one rests after each `MAX_WORK_S` seconds. */
const RESTS = 12;
const MAX_WORK_S = 30;
const SAMPLES_PER_WORK = 6;

/** Maximum numbers of faults and of samples in the results. */
const KEPT_FAULTS = 20;
const KEPT_SAMPLES = 400;

/** The time limit for a server to come to rest, in milliseconds. */
const REST_WITHIN_MS = 20_000;
const REST_EVERY_MS = 50;

/** Runs a soak. @throws {Error} if the server cannot be started, or ends */
export async function runSoak(options: SoakOptions): Promise<Findings> {
  const { minutes, seed, preloads } = options;
  using folder = new TemporaryFolder();
  await using server = new WatchedServer(["--data", folder.path, ...FLAGS], preloads);
  await using run = await SoakRun.start(server, folder.path, seed);
  await run.runFor(options);
  const results = await run.results();
  return { machine: await readMachine(), minutes, seed, ...results };
}

/** Makes a signal that is aborted after a time, or with another signal. */
export function endAfter(seconds: number, signal?: AbortSignal): AbortSignal {
  const over = AbortSignal.timeout(seconds * 1e3);
  return signal === undefined ? over : AbortSignal.any([over, signal]);
}

/** A run in progress. */
class SoakRun implements AsyncDisposable {
  readonly #server: WatchedServer;
  readonly #folder: string;
  readonly #watcher: HtClient;
  readonly #steady: readonly SteadyClient[];
  readonly #visitors: Visitors;
  readonly #faults: string[] = [];
  readonly #samples: Sample[] = [];
  readonly #rests: Rest[] = [];
  readonly #checkpoints = new Set<number>();
  #beganMs = performance.now();

  private constructor(server: WatchedServer, folder: string, watcher: HtClient, seed: number) {
    this.#server = server;
    this.#folder = folder;
    this.#watcher = watcher;
    const onFault = (what: string) => void this.#faults.push(what);
    const randomOf = (number: number) => randomFrom(seed * (STEADY_CLIENTS + 1) + number);
    this.#steady = Array.from(
      { length: STEADY_CLIENTS },
      (_, number) => new SteadyClient(`steady${number}`, randomOf(number), onFault),
    );
    this.#visitors = new Visitors(watcher.address.port, randomOf(STEADY_CLIENTS), onFault);
  }

  static async start(server: WatchedServer, folder: string, seed: number): Promise<SoakRun> {
    const port = await server.program.port();
    const run = new SoakRun(server, folder, await HtClient.connect(`127.0.0.1:${port}`), seed);
    for (const { model } of run.#steady) await model.connect(port);
    return run;
  }

  /** Works and rests in turn. */
  async runFor({ minutes, say, signal }: SoakOptions): Promise<void> {
    const wholeS = minutes * 60;
    const workS = Math.min(MAX_WORK_S, wholeS / RESTS);
    // The first rest is the baseline, so it comes after some of all kinds of work.
    await this.#rest();
    await this.#work(Math.min(workS, 2), workS, signal);
    this.#rests.length = this.#samples.length = 0;
    this.#beganMs = performance.now();
    await this.#rest();
    while ((this.#passedS() < wholeS || this.#rests.length < MIN_RESTS) && !signal?.aborted) {
      await this.#work(workS, workS / SAMPLES_PER_WORK, signal);
      const rest = await this.#rest();
      say(
        `${rest.atS.toFixed(0)} s: ${megabytes(rest.residentBytes)} MB, heap ` +
          `${
            megabytes(rest.heapBytes)
          } MB, ${rest.clients} connections, ${rest.handles} handles, ` +
          `${rest.timers} timers, ${rest.threads} threads, ${this.#faults.length} faults`,
      );
    }
  }

  async results(): Promise<Omit<Findings, "machine" | "minutes" | "seed">> {
    const every = Math.ceil(this.#samples.length / KEPT_SAMPLES);
    const rejected = (await this.#watcher.info())["turned_away"] as Record<string, number>;
    return {
      operations: this.#steady.reduce((sum, { operations }) => sum + operations, 0),
      visits: this.#visitors.visits,
      busy: rejected["clients"] ?? 0,
      rushes: this.#visitors.floods,
      checkpoints: this.#checkpoints.size,
      faults: this.#faults.slice(0, KEPT_FAULTS),
      faultCount: this.#faults.length,
      samples: this.#samples.filter((_, place) => place % every === 0),
      rests: this.#rests,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const models = this.#steady.map(({ model }) => model);
    await Promise.all([this.#watcher, ...models].map((client) => client.close()));
  }

  #passedS(): number {
    return Math.round(performance.now() - this.#beganMs) / 1e3;
  }

  /** Runs all clients for a while. */
  async #work(workS: number, sampleS: number, signal?: AbortSignal): Promise<void> {
    const over = endAfter(workS, signal);
    const sample = async () => {
      while (await sleep(sampleS * 1e3, over)) this.#samples.push(await this.#sample());
    };
    await Promise.all([
      this.#visitors.run(over),
      ...this.#steady.map((client) => client.work(over)),
      sample(),
    ]);
  }

  async #sample(): Promise<Sample> {
    const { pid } = this.#server;
    const { files, fileBytes, checkpointMs } = await this.#readFolder();
    if (checkpointMs > 0) this.#checkpoints.add(checkpointMs);
    return {
      atS: this.#passedS(),
      residentBytes: await memoryBytes(pid),
      clients: await this.#clients(),
      handles: (await handles(pid)).all,
      threads: await threads(pid),
      files,
      fileBytes,
    };
  }

  /** Gives every key its fixed size, waits until the server is idle, and reads its resources. */
  async #rest(): Promise<Rest> {
    for (const client of this.#steady) await client.rest();
    await this.#visitors.cleanUp();
    await this.#settle();
    const rest = {
      atS: this.#passedS(),
      clients: await this.#clients(),
      keys: await this.#watcher.size(),
      files: (await this.#readFolder()).files,
      ...await this.#server.holdings(),
    };
    this.#rests.push(rest);
    return rest;
  }

  /** Waits until connections, files and handles are those of the first rest, or time is up. */
  async #settle(): Promise<void> {
    const endMs = performance.now() + REST_WITHIN_MS;
    const isAtRest = async () => {
      const { all } = await handles(this.#server.pid);
      return await this.#clients() === STEADY_CLIENTS + 1 &&
        all === (this.#rests[0]?.handles ?? all) && !(await this.#readFolder()).isCompacting;
    };
    while (!await isAtRest() && performance.now() < endMs) await sleep(REST_EVERY_MS);
  }

  async #clients(): Promise<number> {
    return Number((await this.#watcher.info())["clients"]);
  }

  async #readFolder() {
    let files = 0, fileBytes = 0, checkpointMs = 0, isCompacting = false;
    for await (const { name } of Deno.readDir(this.#folder)) {
      // A checkpoint can replace a file at any moment.
      const stat = await Deno.stat(`${this.#folder}/${name}`).catch(() => undefined);
      if (stat === undefined) continue;
      files++;
      fileBytes += stat.size;
      if (name === "table.ckpt") checkpointMs = stat.mtime?.getTime() ?? 0;
      isCompacting ||= /\.new$|\.\d+$/.test(name);
    }
    return { files, fileBytes, checkpointMs, isCompacting };
  }
}
