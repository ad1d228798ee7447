/**
 * The load generator of Redis on a cluster. Each of its connections sends to one master only, with keys of
 * one hash slot of that master, and waits for all its replies before it sends again. It does not wait for
 * replicas.
 *
 * It runs with one thread: with more, it measures its time in steps of 250 ms.
 */
import { run } from "../harness/program.ts";
import type { RedisCluster } from "../harness/redis/redis_cluster.ts";

/** The load. */
export interface BenchmarkLoad {
  readonly command: "set" | "get";
  readonly connections: number;
  readonly inFlight: number;
  /** Requests of all connections. */
  readonly requests: number;
  /** Keys of all masters. */
  readonly keys: number;
  readonly valueBytes: number;
}

/** The measurements. */
export interface BenchmarkResult {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Loads a cluster. @throws {Error} if the program fails */
export async function redisBenchmark(
  cluster: RedisCluster,
  load: BenchmarkLoad,
  signal: AbortSignal,
): Promise<BenchmarkResult> {
  const masters = await cluster.masters();
  const [{ port } = { port: 0 }] = masters;
  // deno-fmt-ignore
  const { code, stdout, stderr } = await run([
    "redis-benchmark", "-p", port, "--cluster", "--threads", 1, "-t", load.command,
    "-c", load.connections, "-P", load.inFlight, "-n", load.requests,
    "-r", Math.ceil(load.keys / masters.length), "-d", load.valueBytes, "--csv",
  ].map(String), { signal });
  const figures = code === 0 ? figuresOf(stdout, load.command) : undefined;
  if (figures !== undefined) return figures;
  throw new Error(`redis-benchmark failed (${code}): ${stderr.trim()}`);
}

/** Reads its CSV: latencies are in milliseconds. Undefined if a figure is missing. */
export function figuresOf(csv: string, command: string): BenchmarkResult | undefined {
  const rows = csv.split("\n").map((line) => line.split(",").map((cell) => cell.replace(/"/g, "")));
  const heading = rows.find(([first]) => first === "test") ?? [];
  const row = rows.find(([first]) => first === command.toUpperCase()) ?? [];
  const figure = (name: string) => Number(row[heading.indexOf(name)]);
  const perSecond = figure("rps");
  const [p50Ms, p99Ms] = [figure("p50_latency_ms"), figure("p99_latency_ms")];
  if (![perSecond, p50Ms, p99Ms].every((value) => value > 0)) return undefined;
  return { perSecond, p50Us: p50Ms * 1e3, p99Us: p99Ms * 1e3 };
}
