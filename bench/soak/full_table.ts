/** A table at its memory limit for a long time: in memory, and on disk with a restart. */
import { HtClient } from "../../client.ts";
import { sleep } from "../../lib/base/clock.ts";
import { randomFrom } from "../../lib/base/random.ts";
import { TemporaryFolder } from "../harness/folders.ts";
import { readMachine } from "../harness/machine.ts";
import { memoryBytes, peakMemoryBytes } from "../harness/process_watch.ts";
import { megabytes } from "./findings.ts";
import { FullClient, type FullCounts, NO_COUNTS } from "./full_client.ts";
import type { FullTableFigures, FullTableFindings, TablePlace } from "./full_table_findings.ts";
import { endAfter, type SoakOptions } from "./soak.ts";
import { WatchedServer } from "./watched_server.ts";

/** `--max-memory` of the server. */
const LIMIT_BYTES = 50_000_000;

const CLIENTS = 4;

/** Changes after which a server on disk writes a checkpoint. */
const COMPACT_ENTRIES = 5_000;

/** The time between two comparisons with the model, and between two samples, in seconds. */
const MAX_WORK_S = 30;
const SAMPLE_S = 1;

/** Maximum number of faults in the results. */
const KEPT_FAULTS = 20;

/** Runs a full table: half of the time in memory, and half on disk. */
export async function runFullTable(options: SoakOptions): Promise<FullTableFindings> {
  const { minutes, seed } = options;
  const seen: FullTableFigures[] = [];
  for (const keeping of ["memory", "disk"] as const) {
    seen.push(await new FullTableRun(keeping, options).runFor(minutes * 60 / 2));
  }
  return { machine: await readMachine(), minutes, seed, limitBytes: LIMIT_BYTES, seen };
}

/** A run in progress. */
class FullTableRun {
  readonly #keeping: TablePlace;
  readonly #options: SoakOptions;
  readonly #faults: string[] = [];
  readonly #clients: readonly FullClient[];
  readonly #residentBytes: number[] = [];
  #emptyBytes = 0;
  #peakBytes = 0;
  #leastTableBytes = Infinity;
  #mostTableBytes = 0;
  #checks = 0;
  #starts = 0;

  constructor(keeping: TablePlace, options: SoakOptions) {
    this.#keeping = keeping;
    this.#options = options;
    const onFault = (what: string) => void this.#faults.push(what);
    this.#clients = Array.from({ length: CLIENTS }, (_, number) => {
      const random = randomFrom(options.seed * CLIENTS + number);
      return new FullClient(`full${number}`, random, LIMIT_BYTES, onFault);
    });
  }

  async runFor(seconds: number): Promise<FullTableFigures> {
    using folder = new TemporaryFolder();
    // On disk, the second half is after a restart.
    const parts = this.#keeping === "disk" ? 2 : 1;
    for (let part = 0; part < parts; part++) {
      await using server = this.#start(folder.path);
      await this.#load(server, seconds / parts);
      server.program.kill("SIGTERM");
      const code = await server.program.exitCode();
      if (code !== 0) this.#faults.push(`the server ended with exit code ${code}`);
    }
    return {
      keeping: this.#keeping,
      seconds,
      counts: this.#clients.map(({ counts }) => counts).reduce(sum, NO_COUNTS),
      emptyBytes: this.#emptyBytes,
      peakBytes: this.#peakBytes,
      residentBytes: this.#residentBytes,
      leastTableBytes: this.#leastTableBytes,
      mostTableBytes: this.#mostTableBytes,
      checks: this.#checks,
      restarts: this.#starts - 1,
      keys: this.#clients.reduce((keys, { model }) => keys + model.size, 0),
      faults: this.#faults.slice(0, KEPT_FAULTS),
      faultCount: this.#faults.length,
    };
  }

  #start(folder: string): WatchedServer {
    this.#starts++;
    return new WatchedServer([
      ...["--max-memory", `${LIMIT_BYTES}B`],
      ...(this.#keeping === "disk"
        ? ["--data", folder, "--compact-entries", `${COMPACT_ENTRIES}`]
        : ["--memory"]),
    ]);
  }

  /** Fills the table, then works and checks in turn. */
  async #load(server: WatchedServer, seconds: number): Promise<void> {
    const { signal } = this.#options;
    const port = await server.program.port();
    const watcher = await HtClient.connect(`127.0.0.1:${port}`);
    const models = this.#clients.map(({ model }) => model);
    for (const model of models) await model.connect(port);
    try {
      if (this.#starts > 1) await this.#check(server); // The restart must lose nothing.
      else this.#emptyBytes = await memoryBytes(server.pid);
      for (const client of this.#clients) await client.fill(signal);
      const endMs = performance.now() + seconds * 1e3;
      while (performance.now() < endMs && !signal?.aborted) {
        await this.#work(server, watcher, Math.min(MAX_WORK_S, seconds / 2));
        await this.#check(server);
        const last = megabytes(this.#residentBytes.at(-1) ?? 0);
        this.#options.say(
          `${this.#keeping}: ${last} MB resident, ${await watcher.size()} keys, ` +
            `${this.#faults.length} faults`,
        );
      }
    } finally {
      this.#peakBytes = Math.max(this.#peakBytes, await peakMemoryBytes(server.pid));
      await Promise.all([watcher, ...models].map((client) => client.close()));
    }
  }

  async #work(server: WatchedServer, watcher: HtClient, seconds: number): Promise<void> {
    const over = endAfter(seconds, this.#options.signal);
    const watch = async () => {
      do {
        const tableBytes = Number((await watcher.info())["memory_bytes"]);
        this.#leastTableBytes = Math.min(this.#leastTableBytes, tableBytes);
        this.#mostTableBytes = Math.max(this.#mostTableBytes, tableBytes);
      } while (await sleep(SAMPLE_S * 1e3, over));
    };
    await Promise.all([watch(), ...this.#clients.map((client) => client.work(over))]);
    this.#residentBytes.push(await memoryBytes(server.pid));
  }

  async #check(server: WatchedServer): Promise<void> {
    for (const client of this.#clients) await client.check();
    this.#checks++;
    this.#peakBytes = Math.max(this.#peakBytes, await peakMemoryBytes(server.pid));
  }
}

function sum(one: FullCounts, other: FullCounts): FullCounts {
  const all = { ...NO_COUNTS };
  for (const name of Object.keys(all) as (keyof FullCounts)[]) all[name] = one[name] + other[name];
  return all;
}
