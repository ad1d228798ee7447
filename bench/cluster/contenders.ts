/** The cluster, the gateways and the server of a run. */
import { TemporaryFolder } from "../harness/folders.ts";
import { ALONE_ON_DISK, Program } from "../harness/program.ts";
import { RedisCluster } from "../harness/redis/redis_cluster.ts";
import { Generator, type Target } from "../load/generator.ts";
import { htserverCommand } from "../peers/servers.ts";
import type { ContenderName } from "./cells.ts";
import { type MarkedMaster, markMasters } from "./replicas.ts";

/** Replicas of each master. */
export const REPLICAS = 1;

/** More settings of each node. Its log would be rewritten in the middle of a measurement. */
const NODE_CONFIG = ["auto-aof-rewrite-percentage 0"];

/** The servers that a contender has; none for the cluster itself. */
export type Servers = Readonly<Record<ContenderName, readonly Target[]>>;

/** All programs, until disposal. Nothing is pinned to a core: docs/CLUSTER.md has the reason. */
export class Contenders implements AsyncDisposable {
  readonly generator: Generator;
  readonly cluster: RedisCluster;
  readonly masters: readonly MarkedMaster[];
  readonly servers: Servers;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    generator: Generator,
    cluster: RedisCluster,
    masters: readonly MarkedMaster[],
    servers: Servers,
    resources: AsyncDisposableStack,
  ) {
    this.generator = generator;
    this.cluster = cluster;
    this.masters = masters;
    this.servers = servers;
    this.#resources = resources;
  }

  /**
   * Starts everything. All files are on one disk.
   *
   * @param executable of htserver (default: built from the sources)
   * @param signal ends everything
   */
  static async start(executable: string | undefined, signal: AbortSignal): Promise<Contenders> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(new TemporaryFolder({ isOnDisk: true }));
    const generator = await Generator.compile(folder.path, signal, (command) => [...command]);
    const htserver = executable
      ? [await Deno.realPath(executable)]
      : await htserverCommand(folder.path);
    const cluster = resources.use(
      await RedisCluster.start({ replicas: REPLICAS, isOnDisk: true, config: NODE_CONFIG }),
    );
    const start = async (name: string, ...args: string[]): Promise<Target> => {
      const command = [...htserver, "bench-a4", ...ALONE_ON_DISK, ...args];
      const program = resources.use(new Program(command, { signal, cwd: folder.path }));
      return { name, protocol: "json", port: await program.port(), pid: program.pid };
    };
    const gateway = await start("gateway", "--store", cluster.url);
    const second = await start("second gateway", "--store", cluster.url);
    const fenced = await start("gateway, fenced", "--store", `${cluster.url}?reads=fenced`);
    const durable = await start("htserver, durable", "--data", `${folder.path}/data`);
    const servers: Servers = {
      "gateway": [gateway],
      "gateway, fenced": [fenced],
      "two gateways": [gateway, second],
      "redis-benchmark": [],
      "htserver, durable": [durable],
    };
    const masters = await markMasters(cluster);
    return new Contenders(generator, cluster, masters, servers, resources.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}
