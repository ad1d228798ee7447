/** A comparison of the load generator with that of Redis, against the same Redis. */
import { isInstalled, run } from "../harness/program.ts";
import type { Peer } from "./peer.ts";
import { pinned } from "../harness/cpu_pinning.ts";
import type { Workspace } from "./workspace.ts";

const ROUNDS = 5;
const CONNECTIONS = 50;
const KEYS = 1_000;
const DURATION_S = 0.5;

/** The rounds of GET requests with one number in flight. */
export interface GeneratorCheck {
  readonly inFlight: number;
  readonly rounds: readonly GeneratorRound[];
}

/** Requests a second, and the load of both cores under this generator. */
export interface GeneratorRound {
  readonly ownPerSecond: number;
  readonly loadBusy: number;
  readonly serverCpu: number;
  /** With connections that wait for all their replies before they send again, like redis-benchmark. */
  readonly inBatchesPerSecond: number;
  readonly redisBenchmarkPerSecond: number;
}

/** Runs both in turn on the same core. Undefined if redis-benchmark is not installed. */
export async function checkGenerator(
  workspace: Workspace,
  redis: Peer,
  signal: AbortSignal,
): Promise<GeneratorCheck[] | undefined> {
  if (!isInstalled("redis-benchmark")) return undefined;
  await redisBenchmark(redis, { command: "set", inFlight: 16, requests: 50 * KEYS }, signal);
  await workspace.generator.preload(redis, KEYS);
  const checks: GeneratorCheck[] = [];
  for (const inFlight of [1, 16]) {
    const load = {
      ...{ connections: CONNECTIONS, inFlight, inserts: 0, keys: KEYS },
      ...{ warmUpS: 0.1, durationS: DURATION_S },
    };
    const rounds: GeneratorRound[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const own = await workspace.generator.run(redis, load);
      const inBatches = await workspace.generator.run(redis, { ...load, inBatches: true });
      const requests = Math.ceil(own.perSecond * DURATION_S);
      rounds.push({
        ownPerSecond: own.perSecond,
        loadBusy: own.loadBusy,
        serverCpu: own.serverCpu,
        inBatchesPerSecond: inBatches.perSecond,
        redisBenchmarkPerSecond: await redisBenchmark(
          redis,
          { command: "get", inFlight, requests },
          signal,
        ),
      });
    }
    checks.push({ inFlight, rounds });
  }
  return checks;
}

async function redisBenchmark(
  { port }: Peer,
  { command, inFlight, requests }: { command: string; inFlight: number; requests: number },
  signal: AbortSignal,
): Promise<number> {
  // deno-fmt-ignore
  const { code, stdout, stderr } = await run(pinned("load", [
    "redis-benchmark", "-p", String(port), "-c", String(CONNECTIONS), "-P", String(inFlight),
    "-t", command, "-n", String(requests), "-r", String(KEYS), "-d", "32", "--csv",
  ]), { signal });
  const [, perSecond] = new RegExp(`^"${command}","([\\d.]+)"`, "im").exec(stdout) ?? [];
  if (code === 0 && perSecond !== undefined) return Number(perSecond);
  throw new Error(`redis-benchmark failed (${code}): ${stderr.trim()}`);
}
