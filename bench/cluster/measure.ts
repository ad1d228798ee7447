/** One contender under the load of one cell: throughput, latency, and processor time of a request. */
import { threadsRunMs } from "../harness/process_watch.ts";
import type { LoadResult } from "../load/generator.ts";
import type { Cell, ContenderName } from "./cells.ts";
import { type Contenders, REPLICAS } from "./contenders.ts";
import { type BenchmarkLoad, type BenchmarkResult, redisBenchmark } from "./redis_benchmark.ts";
import { settle } from "./replicas.ts";

/** Size of a value, in bytes. The gateway stores its JSON text, which has two more. */
const VALUE_BYTES = 32;

/** Requests of redis-benchmark for each key, to fill the cluster: then 99.3% of the keys are there. */
const FILLS = 5;

/** The measurements of a stage. */
export interface StageResult {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Processor time of all htservers that take part, by request; 0 for the cluster itself. */
  readonly serverUs: number;
  /** Processor time of all nodes of the cluster by request, until the replicas have everything. */
  readonly clusterUs: number;
  /** Time after the last reply until the replicas have everything, in milliseconds. */
  readonly settleMs: number;
}

/** Its sizes. */
export interface Sizes {
  readonly keys: number;
  /** Length of a stage, in seconds. */
  readonly durationS: number;
}

type Load = BenchmarkResult & { readonly requests: number };

/** Measures stages, one at a time. */
export class Stages {
  readonly #contenders: Contenders;
  readonly #sizes: Sizes;
  readonly #signal: AbortSignal;
  /** Last throughput of redis-benchmark by cell: it needs a number of requests, not a time. */
  readonly #perSecond = new Map<string, number>();

  constructor(contenders: Contenders, sizes: Sizes, signal: AbortSignal) {
    this.#contenders = contenders;
    this.#sizes = sizes;
    this.#signal = signal;
  }

  /** Fills all tables, and makes the servers compile their code under each of these loads. */
  async prepare(cells: readonly Cell[]): Promise<void> {
    const { generator, servers } = this.#contenders;
    const { keys } = this.#sizes;
    for (const target of [...servers["gateway"], ...servers["htserver, durable"]]) {
      await generator.preload(target, keys, VALUE_BYTES);
    }
    await this.#benchmark({
      ...{ command: "set", connections: 50, inFlight: 16, keys, valueBytes: VALUE_BYTES },
      requests: FILLS * keys,
    });
    for (const cell of cells) {
      for (const name of [cell.subject, ...cell.rivals.map(({ name }) => name)]) {
        await this.measure(cell, name);
      }
    }
  }

  /** Measures a contender in a cell. @throws {Error} if it fails, or a reply is wrong */
  async measure(cell: Cell, name: ContenderName): Promise<StageResult> {
    const { servers, cluster, masters } = this.#contenders;
    const ownPids = servers[name].map(({ pid }) => pid);
    const nodePids = cluster.nodes.map(({ pid }) => pid);
    await settle(masters, REPLICAS);
    const [ownMs, nodesMs] = [await sumRunMs(ownPids), await sumRunMs(nodePids)];
    const { requests, ...figures } = await this.#load(cell, name);
    const settleMs = await settle(masters, REPLICAS);
    const byRequestUs = (ms: number) => ms * 1e3 / requests;
    return {
      ...figures,
      serverUs: byRequestUs(await sumRunMs(ownPids) - ownMs),
      clusterUs: byRequestUs(await sumRunMs(nodePids) - nodesMs),
      settleMs,
    };
  }

  async #load(cell: Cell, name: ContenderName): Promise<Load> {
    if (name === "redis-benchmark") return await this.#loadByRedis(cell);
    const { generator, servers } = this.#contenders;
    const { keys, durationS } = this.#sizes;
    const targets = servers[name];
    const load = {
      connections: cell.connections / cell.loads,
      inFlight: cell.inFlight,
      inserts: cell.operation === "insert" ? 100 : 0,
      ...{ keys, valueBytes: VALUE_BYTES, warmUpS: 0, durationS },
    };
    const results = await Promise.all(
      Array.from({ length: cell.loads }, (_, at) => {
        const target = targets[at % targets.length];
        if (target === undefined) throw new Error(`${name} does not run`);
        return generator.run(target, load);
      }),
    );
    const figures = sumOf(results);
    return { ...figures, requests: figures.perSecond * durationS };
  }

  async #loadByRedis({ name, operation, connections, inFlight }: Cell): Promise<Load> {
    const { keys, durationS } = this.#sizes;
    const load = {
      command: operation === "insert" ? "set" : "get",
      ...{ connections, inFlight, keys, valueBytes: VALUE_BYTES },
    } as const;
    const expected = this.#perSecond.get(name) ??
      (await this.#benchmark({ ...load, requests: 10_000 })).perSecond;
    const requests = Math.ceil(expected * durationS);
    const figures = await this.#benchmark({ ...load, requests });
    this.#perSecond.set(name, figures.perSecond);
    return { ...figures, requests };
  }

  async #benchmark(load: BenchmarkLoad): Promise<BenchmarkResult> {
    return await redisBenchmark(this.#contenders.cluster, load, this.#signal);
  }
}

/** Loads at the same time: the throughput of all, and the latency of the slowest. */
function sumOf(results: readonly LoadResult[]): BenchmarkResult {
  return {
    perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0),
    p50Us: Math.max(...results.map(({ p50Us }) => p50Us)),
    p99Us: Math.max(...results.map(({ p99Us }) => p99Us)),
  };
}

async function sumRunMs(pids: readonly number[]): Promise<number> {
  const all = await Promise.all(pids.map(threadsRunMs));
  return all.reduce((sum, ms) => sum + ms, 0);
}
