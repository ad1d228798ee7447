/** Does the load generator load Redis beyond what Redis' own generator reaches? */
import { isInstalled, runBound } from "../harness/child_program.ts";
import type { Peer } from "../harness/peer.ts";
import { pinned } from "../harness/cpu_pinning.ts";
import type { Site } from "../harness/workspace.ts";

const ROUNDS = 5;
const CONNECTIONS = 50;
const KEYS = 1_000;
const DURATION_S = 0.5;

/** GET requests at one depth: each round. */
export interface GeneratorCheck {
  readonly inFlight: number;
  readonly rounds: readonly GeneratorRound[];
}

/** Requests per second, and how busy both cores were under the own generator. */
export interface GeneratorRound {
  readonly ownPerSecond: number;
  readonly loadBusy: number;
  readonly serverCpu: number;
  /** With a connection waiting for all its replies before it sends again, as redis-benchmark does. */
  readonly inBatchesPerSecond: number;
  readonly redisBenchmarkPerSecond: number;
}

/** Runs both by turns, on the same core, against the same Redis; undefined where it is not installed. */
export async function checkGenerator(
  site: Site,
  redis: Peer,
  signal: AbortSignal,
): Promise<GeneratorCheck[] | undefined> {
  if (!await isInstalled("redis-benchmark")) return undefined;
  await redisBenchmark(redis, { command: "set", inFlight: 16, requests: 50 * KEYS }, signal);
  await site.generator.preload(redis, KEYS);
  const checks: GeneratorCheck[] = [];
  for (const inFlight of [1, 16]) {
    const load = {
      ...{ connections: CONNECTIONS, inFlight, inserts: 0, keys: KEYS },
      ...{ warmUpS: 0.1, durationS: DURATION_S },
    };
    const rounds: GeneratorRound[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const own = await site.generator.run(redis, load);
      const inBatches = await site.generator.run(redis, { ...load, inBatches: true });
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
  const { code, stdout, stderr } = await runBound(pinned("load", [
    "redis-benchmark", "-p", String(port), "-c", String(CONNECTIONS), "-P", String(inFlight),
    "-t", command, "-n", String(requests), "-r", String(KEYS), "-d", "32", "--csv",
  ]), signal);
  const [, perSecond] = new RegExp(`^"${command}","([\\d.]+)"`, "im").exec(stdout) ?? [];
  if (code === 0 && perSecond !== undefined) return Number(perSecond);
  throw new Error(`redis-benchmark failed (${code}): ${stderr.trim()}`);
}
