/**
 * A table at its memory limit for a long time: clients insert what there is no room for, remove,
 * look up, and replace values by smaller and larger ones; in memory, and on disk with a restart.
 */
import { sleep } from "../../lib/base/clock.ts";
import { randomFrom } from "../../lib/base/random.ts";
import { HtClient } from "../../client.ts";
import { memoryBytes, peakMemoryBytes } from "../harness/process_watch.ts";
import { TemporaryFolder } from "../harness/htserver.ts";
import { type Machine, thisMachine } from "../harness/machine.ts";
import { megabytes, type Verdict } from "./findings.ts";
import { FullClient, type FullCounts, noCounts } from "./full_client.ts";
import type { SoakOptions } from "./soak.ts";
import { TimeLimit } from "./time_limit.ts";
import { WatchedServer } from "./watched_server.ts";

/** `--max-memory` of the server. */
export const LIMIT_BYTES = 50_000_000;

/**
 * Resident memory beyond that of an empty server is at most this multiple of the limit (the table
 * and the gaps between its blocks), and so many bytes (replies, requests and garbage).
 */
const MAX_RESIDENT_SHARE = 1.5;
const MAX_BESIDE_BYTES = 64_000_000;

/** The table counts as full while it takes this share of its limit. */
const FULL_SHARE = 0.9;

const CLIENTS = 4;

/** Changes after which a server on disk writes a checkpoint. */
const COMPACT_ENTRIES = 5_000;

/** Work between two checks of all keys, and between two looks at memory, in seconds. */
const LONGEST_WORK_S = 30;
const SAMPLE_S = 1;

/** Faults of which the text is kept. */
const KEPT_FAULTS = 20;

/** Where the table is kept. */
export type Keeping = "memory" | "disk";

/** What was seen of one server, or of two that followed each other on one folder. */
export interface FullTableSeen {
  readonly keeping: Keeping;
  readonly seconds: number;
  readonly counts: FullCounts;
  /** Resident memory before anything was inserted. */
  readonly emptyBytes: number;
  /** Most resident memory, after the start. */
  readonly peakBytes: number;
  /** Resident memory at the checks. */
  readonly residentBytes: readonly number[];
  /** What the table takes by its own account: the least and the most while it was full. */
  readonly leastTableBytes: number;
  readonly mostTableBytes: number;
  /** Checks of all keys with the model. */
  readonly checks: number;
  readonly restarts: number;
  readonly keys: number;
  readonly faults: readonly string[];
  readonly faultCount: number;
}

/** Both. */
export interface FullTableFindings {
  readonly machine: Machine;
  readonly minutes: number;
  readonly seed: number;
  readonly limitBytes: number;
  readonly seen: readonly FullTableSeen[];
}

/** Runs, half of the time with the table in memory, half with it on disk. */
export async function fullTable(options: SoakOptions): Promise<FullTableFindings> {
  const { minutes, seed } = options;
  const seen: FullTableSeen[] = [];
  for (const keeping of ["memory", "disk"] as const) {
    seen.push(await new FullTableRun(keeping, options).go(minutes * 60 / 2));
  }
  return { machine: await thisMachine(), minutes, seed, limitBytes: LIMIT_BYTES, seen };
}

/** Judges a run. */
export function fullTableVerdicts({ limitBytes, seen }: FullTableFindings): Verdict[] {
  return seen.flatMap((one) => {
    const { counts, keeping, emptyBytes, peakBytes } = one;
    const bound = emptyBytes + MAX_RESIDENT_SHARE * limitBytes + MAX_BESIDE_BYTES;
    return [
      {
        what: `in ${keeping}: resident memory within that of an empty server, 1.5 limits and 64 MB`,
        found: `${megabytes(peakBytes)} of ${megabytes(bound)} MB at the most`,
        isGood: peakBytes <= bound,
      },
      {
        what: `in ${keeping}: the table stays full, and within its limit`,
        found: `${megabytes(one.leastTableBytes)} to ${megabytes(one.mostTableBytes)} of ` +
          `${megabytes(limitBytes)} MB`,
        isGood: one.leastTableBytes >= FULL_SHARE * limitBytes && one.mostTableBytes <= limitBytes,
      },
      {
        what: `in ${keeping}: each thing was tried`,
        found: Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", "),
        isGood: Object.values(counts).every((count) => count > 0),
      },
      {
        what: `in ${keeping}: the server lives, and has what the model has`,
        found: one.faultCount === 0
          ? `${one.keys} keys at the end, ${one.checks} checks, ${one.restarts} restarts`
          : `${one.faultCount} faults, first: ${one.faults[0]}`,
        isGood: one.faultCount === 0 && one.checks > 0 &&
          one.restarts === (keeping === "disk" ? 1 : 0),
      },
    ];
  });
}

/** A run under way. */
class FullTableRun {
  readonly #keeping: Keeping;
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

  constructor(keeping: Keeping, options: SoakOptions) {
    this.#keeping = keeping;
    this.#options = options;
    const fault = (what: string) => void this.#faults.push(what);
    this.#clients = Array.from(
      { length: CLIENTS },
      (_, number) =>
        new FullClient(
          `full${number}`,
          randomFrom(options.seed * CLIENTS + number),
          LIMIT_BYTES,
          fault,
        ),
    );
  }

  async go(seconds: number): Promise<FullTableSeen> {
    using folder = new TemporaryFolder();
    // The second half of the time is a restart's.
    const parts = this.#keeping === "disk" ? 2 : 1;
    for (let part = 0; part < parts; part++) {
      await using server = this.#start(folder.path);
      await this.#serve(server, seconds / parts);
      server.program.kill("SIGTERM");
      const code = await server.program.exitCode();
      if (code !== 0) this.#faults.push(`the server ended with exit code ${code}`);
    }
    return {
      keeping: this.#keeping,
      seconds,
      counts: this.#clients.map(({ counts }) => counts).reduce(sum, noCounts()),
      emptyBytes: this.#emptyBytes,
      peakBytes: this.#peakBytes,
      residentBytes: this.#residentBytes,
      leastTableBytes: this.#leastTableBytes,
      mostTableBytes: this.#mostTableBytes,
      checks: this.#checks,
      restarts: this.#starts - 1,
      keys: this.#clients.reduce((keys, client) => keys + client.keys, 0),
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

  async #serve(server: WatchedServer, seconds: number): Promise<void> {
    const { signal } = this.#options;
    const port = await server.program.port();
    const watcher = await HtClient.connect(`127.0.0.1:${port}`);
    for (const client of this.#clients) await client.connect(port);
    try {
      if (this.#starts > 1) await this.#check(server); // all is there again
      else this.#emptyBytes = await memoryBytes(server.pid);
      for (const client of this.#clients) await client.fill(signal);
      const endMs = performance.now() + seconds * 1e3;
      while (performance.now() < endMs && !signal?.aborted) {
        await this.#work(server, watcher, Math.min(LONGEST_WORK_S, seconds / 2));
        await this.#check(server);
        const last = megabytes(this.#residentBytes.at(-1) ?? 0);
        this.#options.say(
          `${this.#keeping}: ${last} MB resident, ${await watcher.size()} keys, ` +
            `${this.#faults.length} faults`,
        );
      }
    } finally {
      this.#peakBytes = Math.max(this.#peakBytes, await peakMemoryBytes(server.pid));
      await Promise.all([watcher, ...this.#clients].map((client) => client.close()));
    }
  }

  async #work(server: WatchedServer, watcher: HtClient, seconds: number): Promise<void> {
    using over = new TimeLimit(seconds * 1e3, this.#options.signal);
    const watching = (async () => {
      do {
        const tableBytes = Number((await watcher.info())["memory_bytes"]);
        this.#leastTableBytes = Math.min(this.#leastTableBytes, tableBytes);
        this.#mostTableBytes = Math.max(this.#mostTableBytes, tableBytes);
      } while (await sleep(SAMPLE_S * 1e3, over.signal));
    })();
    await Promise.all([watching, ...this.#clients.map((client) => client.work(over.signal))]);
    this.#residentBytes.push(await memoryBytes(server.pid));
  }

  async #check(server: WatchedServer): Promise<void> {
    for (const client of this.#clients) {
      await client.check();
      await client.replaceAll();
    }
    this.#checks++;
    this.#peakBytes = Math.max(this.#peakBytes, await peakMemoryBytes(server.pid));
  }
}

function sum(one: FullCounts, other: FullCounts): FullCounts {
  const all = noCounts();
  for (const name of Object.keys(all) as (keyof FullCounts)[]) all[name] = one[name] + other[name];
  return all;
}
