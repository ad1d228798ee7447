/**
 * A server under varied work for a long time.
 *
 * Work has no growth of its own: a bounded set of keys, clients at a fixed rate, visitors that come
 * and go. It stops every now and then: all visitors leave, every key gets the size that it has at
 * each rest, garbage is collected, and what the server holds then is comparable.
 */
import { sleep } from "../../lib/base/clock.ts";
import { randomFrom } from "../../lib/base/random.ts";
import { HtClient } from "../../client.ts";
import { handles, memoryBytes, threads } from "../harness/process_watch.ts";
import { RawClient } from "../harness/raw_client.ts";
import { TemporaryFolder } from "../harness/htserver.ts";
import { thisMachine } from "../harness/machine.ts";
import type { Findings, Rest, Sample } from "./findings.ts";
import { megabytes } from "./findings.ts";
import { paceOf } from "./pace.ts";
import { SteadyClient } from "./steady_client.ts";
import { TimeLimit } from "./time_limit.ts";
import { Visitors } from "./visitors.ts";
import { MAX_REQUEST_BYTES, restOfVisitors } from "./visits.ts";
import { WatchedServer } from "./watched_server.ts";

/** How to run. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Scripts that are loaded into the server, after those of the run (default: none). */
  readonly preloads?: readonly string[];
  /** Ends it early. */
  readonly signal?: AbortSignal;
  /** Is told how it goes. */
  readonly say: (what: string) => void;
}

const STEADY_CLIENTS = 6;

/** Connections that the server takes: room for all but those of a rush. */
const MAX_CLIENTS = 40;

/** Less can tell nothing, however slow the machine is. */
const MIN_RESTS = 6;

/** Changes after which the server writes a checkpoint. */
const COMPACT_ENTRIES = 500;

/** Faults of which the text is kept. */
const KEPT_FAULTS = 20;

/** Most samples in the findings. */
const KEPT_SAMPLES = 400;

/** How long a server may take until it has let go of everything, in milliseconds. */
const REST_WITHIN_MS = 20_000;
const REST_EVERY_MS = 50;

/** Runs. @throws where the server cannot be started, or ends */
export async function soak(options: SoakOptions): Promise<Findings> {
  const { minutes, seed, preloads, signal, say } = options;
  using folder = new TemporaryFolder();
  await using server = new WatchedServer([
    ...["--data", folder.path],
    ...["--compact-entries", `${COMPACT_ENTRIES}`],
    ...["--max-clients", `${MAX_CLIENTS}`],
    ...["--max-request", `${MAX_REQUEST_BYTES}B`],
  ], preloads);
  const run = await SoakRun.prepare(server, folder.path, seed);
  try {
    await run.go(minutes, say, signal);
  } finally {
    await run.close();
  }
  return { machine: await thisMachine(), minutes, seed, ...run.seen() };
}

/** A run under way. */
class SoakRun {
  readonly #server: WatchedServer;
  readonly #folder: string;
  readonly #watcher: HtClient;
  readonly #steady: readonly SteadyClient[];
  readonly #visitors: Visitors;
  readonly #faults: string[];
  readonly #samples: Sample[] = [];
  readonly #rests: Rest[] = [];
  readonly #checkpoints = new Set<number>();
  #beganMs = performance.now();

  private constructor(
    server: WatchedServer,
    folder: string,
    watcher: HtClient,
    steady: readonly SteadyClient[],
    visitors: Visitors,
    faults: string[],
  ) {
    this.#server = server;
    this.#folder = folder;
    this.#watcher = watcher;
    this.#steady = steady;
    this.#visitors = visitors;
    this.#faults = faults;
  }

  static async prepare(server: WatchedServer, folder: string, seed: number): Promise<SoakRun> {
    const port = await server.program.port();
    const faults: string[] = [];
    const fault = (what: string) => void faults.push(what);
    const watcher = await HtClient.connect(`127.0.0.1:${port}`);
    const steady: SteadyClient[] = [];
    for (let number = 0; number < STEADY_CLIENTS; number++) {
      const random = randomFrom(seed * (STEADY_CLIENTS + 1) + number);
      steady.push(await SteadyClient.connect(port, `steady${number}`, random, fault));
    }
    const random = randomFrom(seed * (STEADY_CLIENTS + 1) + STEADY_CLIENTS);
    const visitors = new Visitors(port, MAX_CLIENTS, random, fault);
    return new SoakRun(server, folder, watcher, steady, visitors, faults);
  }

  /** Works and rests until the time is over. */
  async go(minutes: number, say: (what: string) => void, signal?: AbortSignal): Promise<void> {
    const { wholeS, workS, sampleS } = paceOf(minutes);
    // The first rest is the baseline: it comes after a little of everything.
    await this.#rest();
    await this.#work(Math.min(workS, 2), sampleS, signal);
    this.#rests.length = this.#samples.length = 0;
    this.#beganMs = performance.now();
    await this.#rest();
    while ((this.#passedS() < wholeS || this.#rests.length < MIN_RESTS) && !signal?.aborted) {
      await this.#work(workS, sampleS, signal);
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

  seen(): Omit<Findings, "machine" | "minutes" | "seed"> {
    const every = Math.ceil(this.#samples.length / KEPT_SAMPLES);
    return {
      operations: this.#steady.reduce((sum, { operations }) => sum + operations, 0),
      ...this.#visitors.counts,
      checkpoints: this.#checkpoints.size,
      faults: this.#faults.slice(0, KEPT_FAULTS),
      faultCount: this.#faults.length,
      samples: this.#samples.filter((_, place) => place % every === 0),
      rests: this.#rests,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#watcher, ...this.#steady].map((client) => client.close()));
  }

  #passedS(): number {
    return Math.round(performance.now() - this.#beganMs) / 1e3;
  }

  /** Everybody works for a while. */
  async #work(workS: number, sampleS: number, signal?: AbortSignal): Promise<void> {
    using over = new TimeLimit(workS * 1e3, signal);
    const working = Promise.all([
      this.#visitors.come(over.signal),
      ...this.#steady.map((client) => client.work(over.signal)),
    ]);
    const sampling = (async () => {
      while (await sleep(sampleS * 1e3, over.signal)) this.#samples.push(await this.#sample());
    })();
    await Promise.all([working, sampling]);
  }

  async #sample(): Promise<Sample> {
    const { pid } = this.#server;
    const { files, fileBytes, checkpointMs } = await this.#filesSeen();
    if (checkpointMs > 0) this.#checkpoints.add(checkpointMs);
    return {
      atS: this.#passedS(),
      residentBytes: await memoryBytes(pid),
      clients: Number((await this.#watcher.info())["clients"]),
      handles: (await handles(pid)).all,
      threads: await threads(pid),
      files,
      fileBytes,
    };
  }

  /** All is put in order, and the server is looked at once it has let go of what it had for others. */
  async #rest(): Promise<Rest> {
    for (const client of this.#steady) await client.check();
    for (const client of this.#steady) await client.rest();
    await this.#visitorsRest();
    const rest = await this.#settled();
    this.#rests.push(rest);
    return rest;
  }

  /** The same for the keys of visitors; what was never sent whole must not be there. */
  async #visitorsRest(): Promise<void> {
    using visitor = await RawClient.connect(this.#watcher.address.port);
    await restOfVisitors(visitor);
    for (const key of ["half", "k"]) {
      await this.#watcher.remove(key).then(
        () => this.#faults.push(`'${key}' was inserted by half a request`),
        () => {},
      );
    }
  }

  /** Waits until connections, files and handles are those of the first rest, or for too long. */
  async #settled(): Promise<Rest> {
    const clients = STEADY_CLIENTS + 1;
    const endMs = performance.now() + REST_WITHIN_MS;
    const isAtRest = async () => {
      const now = Number((await this.#watcher.info())["clients"]);
      const { all } = await handles(this.#server.pid);
      return now === clients && all === (this.#rests[0]?.handles ?? all) &&
        !(await this.#filesSeen()).isCompacting;
    };
    while (!await isAtRest() && performance.now() < endMs) await sleep(REST_EVERY_MS);
    const holdings = await this.#server.holdings();
    return {
      atS: this.#passedS(),
      clients: Number((await this.#watcher.info())["clients"]),
      keys: await this.#watcher.size(),
      files: (await this.#filesSeen()).files,
      ...holdings,
    };
  }

  async #filesSeen() {
    let files = 0, fileBytes = 0, checkpointMs = 0, isCompacting = false;
    for await (const { name } of Deno.readDir(this.#folder)) {
      // It may be replaced at any moment.
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
