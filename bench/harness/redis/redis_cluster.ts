/**
 * A Redis Cluster on the loopback or on other hosts, for tests, benchmarks and the demo.
 *
 * Each node starts with a file that names all nodes, so the cluster needs no handshakes. It takes 2 s: a
 * master accepts writes only 2 s after its start (`CLUSTER_WRITABLE_DELAY`).
 */
import { sleep } from "../../../lib/base/clock.ts";
import { PATIENCE_MS } from "../program.ts";
import {
  formatNodes,
  hasSlot,
  type NodeView,
  parseNodes,
  type PlannedNode,
  randomId,
  SLOTS,
} from "./cluster_nodes.ts";
import { moveSlots } from "./move_slots.ts";
import {
  LOOPBACK,
  MAX_ATTEMPTS,
  PortTakenError,
  type RedisHost,
  RedisNode,
  type RedisOptions,
} from "./redis_node.ts";

/** Options of a cluster. */
export interface ClusterOptions extends RedisOptions {
  /** Number of masters (default: 3). */
  readonly masters?: number;
  /** Replicas of each master (default: 1). */
  readonly replicas?: number;
  /** In milliseconds (default: 2,000). */
  readonly nodeTimeoutMs?: number;
  /** Hosts of the nodes in turn: all masters, then the first replica of each master (default: the loopback). */
  readonly hosts?: readonly RedisHost[];
  /** More lines of the configuration of one node, by its number in `nodes` (default: none). */
  readonly nodeConfig?: Readonly<Record<number, readonly string[]>>;
}

/** Pause between two looks at the state, in milliseconds. */
const LOOK_MS = 25;

/** A cluster, until disposal. */
export class RedisCluster implements AsyncDisposable {
  /** All masters at the start, then the first replica of each, and so on; added replicas are the last. */
  readonly nodes: RedisNode[] = [];
  readonly #options: ClusterOptions;
  readonly #ids = new Map<RedisNode, string>();

  private constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Starts a cluster, and waits until it is healthy. */
  static async start(options: ClusterOptions = {}): Promise<RedisCluster> {
    for (let attempt = 1;; attempt++) {
      const cluster = new RedisCluster(options);
      try {
        await cluster.#start();
        return cluster;
      } catch (error) {
        await cluster[Symbol.asyncDispose]();
        if (!(error instanceof PortTakenError) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** The store URL with the first nodes of all masters, without a password. */
  get url(): string {
    const scheme = this.#options.tls === undefined ? "redis-cluster" : "rediss-cluster";
    const masters = this.nodes.slice(0, this.#options.masters ?? 3);
    return `${scheme}://${masters.map(({ name }) => name).join()}`;
  }

  /** The nodes that run and are not stopped. */
  get running(): RedisNode[] {
    return this.nodes.filter(({ state }) => state === "running");
  }

  /** The id of a node in the cluster. */
  idOf(node: RedisNode): string {
    const id = this.#ids.get(node);
    if (id === undefined) throw new Error(`${node.name} is not in the cluster`);
    return id;
  }

  /** The cluster as a node sees it (default: the first one that runs). */
  async view(from: RedisNode | undefined = this.running[0]): Promise<NodeView[]> {
    if (from === undefined) throw new Error("no node of the cluster runs");
    return parseNodes(String(await from.ask("CLUSTER", "NODES")));
  }

  /** The hash slot of a key. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.running[0]?.ask("CLUSTER", "KEYSLOT", key));
  }

  /** The master of a slot, as most running masters see it. */
  async masterOf(slot: number): Promise<RedisNode> {
    const [node] = await this.#owners(slot);
    if (node === undefined) throw new Error(`slot ${slot} has no master`);
    return node;
  }

  /** The nodes that are masters of slots now, as a running node sees it. */
  async masters(): Promise<RedisNode[]> {
    const view = await this.view();
    return view.filter(({ slots }) => slots.length > 0).flatMap((one) => this.#find(one.id) ?? []);
  }

  /** The replicas of a master, as a running node sees it. */
  async replicasOf(master: RedisNode): Promise<RedisNode[]> {
    const id = this.idOf(master);
    const view = await this.view();
    return view.filter(({ masterId }) => masterId === id).flatMap((one) =>
      this.#find(one.id) ?? []
    );
  }

  /**
   * Waits until masters agree that a slot has another master than this one.
   *
   * @param from the nodes to ask (default: all that run)
   * @returns the new master
   */
  async waitForFailover(
    slot: number,
    old: RedisNode,
    from?: readonly RedisNode[],
  ): Promise<RedisNode> {
    let found: RedisNode | undefined;
    await this.#until(`another master than ${old.name} has slot ${slot}`, async () => {
      const owners = await this.#owners(slot, from);
      found = owners[0];
      return owners.length === 1 && found !== old && found?.state === "running";
    });
    return found ?? old;
  }

  /** Waits until the cluster flags a node as failed. */
  async waitUntilFailed(node: RedisNode): Promise<void> {
    await this.#until(`${node.name} counts as failed`, async () => {
      const view = await this.view();
      return view.some(({ id, flags }) => id === this.idOf(node) && flags.includes("fail"));
    });
  }

  /**
   * Waits until all running nodes see each other, agree on the masters, accept writes, and each replica
   * copies its master.
   */
  async waitUntilHealthy(): Promise<void> {
    await this.#until("the cluster is healthy", async () => {
      const reports = await Promise.all(this.running.map((node) => this.#reportOf(node)));
      return reports.every((report) => report !== undefined && report === reports[0]);
    });
  }

  /** Moves slots from one master to another, with their keys, while clients go on. */
  async reshard(slots: readonly number[], from: RedisNode, to: RedisNode): Promise<void> {
    const others = (await this.masters()).filter((node) => node !== from && node !== to);
    await moveSlots(slots, {
      from: { node: from, id: this.idOf(from) },
      to: { node: to, id: this.idOf(to) },
      others,
    });
  }

  /** Adds a replica of a master, and waits until it copies it. */
  async addReplica(master: RedisNode, host: RedisHost = LOOPBACK): Promise<RedisNode> {
    const node = this.#add(host);
    await node.start();
    this.#ids.set(node, String(await node.ask("CLUSTER", "MYID")));
    await node.ask("CLUSTER", "MEET", master.host.address, master.port, master.busPort);
    const masterId = this.idOf(master);
    await this.#until("the new node knows its master", async () => {
      const view = await this.view(node);
      return view.some(({ id, flags }) => id === masterId && !flags.includes("handshake"));
    });
    await node.ask("CLUSTER", "REPLICATE", masterId);
    await this.waitUntilHealthy();
    return node;
  }

  /** Ends all processes, and removes their files. */
  async [Symbol.asyncDispose](): Promise<void> {
    const results = await Promise.allSettled(
      this.nodes.map((node) => node[Symbol.asyncDispose]()),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async #start(): Promise<void> {
    const { masters = 3, replicas = 1, hosts = [LOOPBACK] } = this.#options;
    const count = masters * (1 + replicas);
    for (let at = 0; at < count; at++) this.#add(hosts[at % hosts.length] ?? LOOPBACK);
    const ids = this.nodes.map(randomId);
    const firstSlot = (master: number) => Math.floor(SLOTS * master / masters);
    const planned = this.nodes.map((node, at): PlannedNode => ({
      id: ids[at] ?? "",
      host: node.host.address,
      port: node.port,
      busPort: node.busPort,
      role: at < masters
        ? { slots: [firstSlot(at), firstSlot(at + 1) - 1] }
        : { masterId: ids[at % masters] ?? "" },
    }));
    const starts = await Promise.allSettled(this.nodes.map(async (node, at) => {
      const id = ids[at] ?? "";
      this.#ids.set(node, id);
      await Deno.writeTextFile(`${node.folder}/nodes.conf`, formatNodes(planned, id));
      await node.start();
    }));
    for (const start of starts) if (start.status === "rejected") throw start.reason;
    await this.waitUntilHealthy();
  }

  #add(host: RedisHost): RedisNode {
    const { nodeTimeoutMs = 2_000, config = [], nodeConfig = {} } = this.#options;
    const own = nodeConfig[this.nodes.length] ?? [];
    const node = new RedisNode({
      ...this.#options,
      nodeTimeoutMs,
      config: [...config, ...own],
    }, host);
    this.nodes.push(node);
    return node;
  }

  /** What a node sees, for a comparison with others; undefined if it sees a problem. */
  async #reportOf(node: RedisNode): Promise<string | undefined> {
    const info = String(await node.ask("CLUSTER", "INFO"));
    if (!info.includes("cluster_state:ok")) return undefined;
    const view = await this.view(node);
    for (const running of this.running) {
      const seen = view.find(({ id }) => id === this.#ids.get(running));
      if (!seen?.isLinked || seen.flags.some((flag) => /fail|handshake|noaddr/.test(flag))) {
        return undefined;
      }
    }
    const replication = await node.info("replication");
    if (replication.get("role") === "slave" && replication.get("master_link_status") !== "up") {
      return undefined;
    }
    const masters = view.map(({ id, masterId, slots }) => `${id} ${masterId} ${slots.join(" ")}`);
    return masters.sort().join("\n");
  }

  /** The owners of a slot, as masters see it; more than one if they do not agree. */
  async #owners(slot: number, from: readonly RedisNode[] = this.running): Promise<RedisNode[]> {
    const owners = await Promise.all(from.map(async (node) => {
      const view = await this.view(node).catch(() => []);
      const isMaster = view.some(({ flags }) =>
        flags.includes("myself") && flags.includes("master")
      );
      const owner = isMaster ? view.find((one) => hasSlot(one, slot)) : undefined;
      return owner && this.#find(owner.id);
    }));
    const counts = Map.groupBy(owners.filter((owner) => owner !== undefined), (owner) => owner);
    return [...counts].sort(([, a], [, b]) => b.length - a.length).map(([owner]) => owner);
  }

  #find(id: string): RedisNode | undefined {
    return this.nodes.find((node) => this.#ids.get(node) === id);
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      this.#options.signal?.throwIfAborted();
      let reason = "no";
      try {
        if (await holds()) return;
      } catch (error) {
        reason = String(error);
      }
      if (performance.now() > deadlineMs) {
        throw new Error(`waited too long until ${what}: ${reason}`);
      }
      await sleep(LOOK_MS);
    }
  }
}
