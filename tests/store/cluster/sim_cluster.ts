/**
 * A simulated cluster in virtual time, with faults of one node at a time, as a seed decides.
 *
 * One file because each fault changes nodes, and what the others believe of them.
 */
import assert from "assert";
import type { Address } from "../../../lib/base/address.ts";
import { type Random, randomFrom } from "../../../lib/base/random.ts";
import { BucketKeys } from "../../../lib/store/bucket_keys.ts";
import { bucketSlots, SLOTS } from "../../../lib/store/bucket_slots.ts";
import {
  ClusterStore,
  type ClusterStoreOptions,
} from "../../../lib/store/cluster/cluster_store.ts";
import { NodeConnection } from "../../../lib/store/node_connection.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";
import { type Belief, SimNode, type SimWorld } from "./sim_node.ts";

/** Time after which a silent node counts as failed, in milliseconds. */
const NODE_TIMEOUT_MS = 1_000;

const KEYS = new BucketKeys("test");
const BUCKET_SLOTS = bucketSlots(KEYS);

/** The faults. */
export const FAULTS = [
  "kill master",
  "pause master",
  "isolate master",
  "pause replica",
  "kill replica",
  "break connections",
  "flush scripts",
  "migrate",
] as const;

/** A cluster of 3 masters with the same number of replicas each. */
export class SimCluster implements SimWorld {
  readonly clock = new VirtualClock(1);
  readonly random: Random;
  readonly nodes: SimNode[] = [];
  /** How often each write was executed. */
  readonly executed = new Map<string, number>();
  /** What happened, for people. */
  readonly log: string[] = [];
  /** Random refusals: one of this number of commands. */
  readonly #refusalsPer: number;
  #belief: Belief;

  constructor(seed: number, replicas: number, { refusalsPer = 400 } = {}) {
    this.#refusalsPer = refusalsPer;
    this.random = randomFrom(seed);
    for (let number = 0; number < 3 * (1 + replicas); number++) {
      this.nodes.push(new SimNode(number, this));
    }
    const masters = this.nodes.slice(0, 3);
    this.#belief = {
      version: 1,
      owners: Array.from({ length: SLOTS }, (_, slot) => this.#at(Math.floor(slot * 3 / SLOTS))),
      masterOf: new Map(this.nodes.slice(3).map((node, at) => [node, this.#at(at % 3)])),
      epochs: new Map(masters.map((node, at) => [node, at + 1])),
      failed: new Set(),
    };
    for (const node of this.nodes) node.believe(this.#belief);
  }

  /** A store over this cluster, with one address of its URL. */
  store(options: Partial<ClusterStoreOptions> = {}): ClusterStore {
    return new ClusterStore({
      seeds: [this.#at(0).address],
      keys: KEYS,
      slots: BUCKET_SLOTS,
      isCluster: true,
      scripts: ["REMOVE"],
      timing: this.clock,
      connect: (address, signal) => this.#connect(address, signal),
      ...options,
    });
  }

  get keys(): BucketKeys {
    return KEYS;
  }

  later(ms: number, work: () => void): void {
    void this.clock.at(this.clock.now() + Math.max(1, ms)).then(work);
  }

  onExecuted(write: string): void {
    this.executed.set(write, (this.executed.get(write) ?? 0) + 1);
  }

  refusal(words: readonly string[]): string | undefined {
    if (this.#refusalsPer === Infinity || this.random.below(this.#refusalsPer) > 0) {
      return undefined;
    }
    const errors = ["-TRYAGAIN x", "-LOADING x", "-CLUSTERDOWN x", "-NOREPLICAS x"];
    if (words[0] !== "HGET") errors.push("-OOM x");
    return `${errors[this.random.below(errors.length)]}\r\n`;
  }

  /** The order of the writes of a bucket that have survived. */
  writesOf(bucket: number): readonly string[] {
    const owner = this.#belief.owners[BUCKET_SLOTS[bucket] ?? 0];
    return owner?.data.get(KEYS.text(bucket))?.writes ?? [];
  }

  /** Begins the migration of the slots of buckets, each to another master, and does not go on with it. */
  beginMigration(buckets: readonly number[]): void {
    const masters = this.#belief.owners.filter((owner, at, owners) => owners.indexOf(owner) === at);
    for (const bucket of buckets) {
      const slot = BUCKET_SLOTS[bucket] ?? 0;
      const from = this.#belief.owners[slot];
      const to = masters.find((other) => other !== from);
      if (from !== undefined && to !== undefined) openSlot(slot, from, to);
    }
  }

  /** Makes faults, one after the other, and waits until the cluster is healthy. */
  async fault(fault: typeof FAULTS[number] = this.#choice(FAULTS)): Promise<void> {
    const masters = this.nodes.filter((node) => !this.#belief.masterOf.has(node));
    const master = this.#choice(masters);
    const replica = this.#choice(this.#replicasOf(master));
    this.log.push(`${this.clock.now()}: ${fault} ${this.nodes.indexOf(master)}`);
    const ms = 100 + this.random.below(4_000);
    switch (fault) {
      case "break connections":
        for (let breaks = 0; breaks < 20; breaks++) {
          master.breakConnections();
          await this.clock.sleep(1 + this.random.below(60));
        }
        break;
      case "flush scripts":
        master.flushScripts();
        break;
      case "migrate":
        await this.#migrate(master, this.#choice(masters.filter((other) => other !== master)));
        break;
      case "kill master":
        master.kill();
        await this.#failOver(master, NODE_TIMEOUT_MS + ms);
        master.start();
        break;
      case "pause master":
        master.pause();
        await this.#failOver(master, ms);
        master.resume();
        break;
      case "isolate master":
        master.isIsolated = true;
        await this.#failOver(master, ms);
        master.isIsolated = master.isMinority = false;
        break;
      case "kill replica":
        replica.kill();
        await this.#markFailed(replica, NODE_TIMEOUT_MS + ms);
        replica.start();
        replica.follow(master);
        break;
      case "pause replica":
        replica.pause();
        await this.#markFailed(replica, ms);
        replica.resume();
        break;
    }
    await this.#untilHealthy();
    this.log.push(`${this.clock.now()}: healthy`);
  }

  async #failOver(master: SimNode, durationMs: number): Promise<void> {
    const { clock } = this;
    const endMs = clock.now() + durationMs;
    await this.#markFailed(master, Math.min(durationMs, NODE_TIMEOUT_MS + 1));
    if (durationMs <= NODE_TIMEOUT_MS) return;
    if (master.isIsolated) master.isMinority = true;
    const wait = clock.sleep(endMs - clock.now());
    void clock.sleep(this.random.below(300)).then(() => {
      // The replica with the most changes wins the election.
      const [best] = this.#replicasOf(master).sort((a, b) => b.offset - a.offset);
      if (best === undefined) throw new Error("no replica is left");
      this.log.push(`${clock.now()}: ${this.nodes.indexOf(best)} is the master`);
      const { owners, masterOf, epochs } = this.#belief;
      const next = new Map(masterOf);
      next.delete(best);
      for (const [node, of] of masterOf) if (of === master && node !== best) next.set(node, best);
      next.set(master, best);
      this.#publish({
        owners: owners.map((owner) => owner === master ? best : owner),
        masterOf: next,
        epochs: new Map([...epochs, [best, this.#newEpoch()]]),
      });
      best.believe(this.#belief);
    });
    await wait;
  }

  /** Waits; a node that is silent for long is flagged. */
  async #markFailed(node: SimNode, durationMs: number): Promise<void> {
    if (durationMs <= NODE_TIMEOUT_MS) return void await this.clock.sleep(durationMs);
    await this.clock.sleep(NODE_TIMEOUT_MS);
    this.#publish({ failed: new Set([node]) });
    await this.clock.sleep(durationMs - NODE_TIMEOUT_MS);
  }

  async #migrate(from: SimNode, to: SimNode): Promise<void> {
    const slots = new Set<number>();
    for (let bucket = 0; bucket < SLOTS; bucket++) {
      const slot = BUCKET_SLOTS[bucket] ?? 0;
      if (
        this.#belief.owners[slot] === from && slots.size < 20 && from.data.has(KEYS.text(bucket))
      ) {
        slots.add(slot);
      }
    }
    for (const slot of slots) openSlot(slot, from, to);
    await this.clock.sleep(this.random.below(100));
    for (let key; (key = this.#keyIn(from, slots)) !== undefined;) {
      const { fields, writes } = from.data.get(key) ?? { fields: new Map(), writes: [] };
      assert(!to.data.has(key), `BUSYKEY ${key}: both nodes have it`);
      to.change(key, (value) => {
        for (const [field, text] of fields) value.fields.set(field, text);
        value.writes.push(...writes);
      });
      from.drop(key);
      await this.clock.sleep(this.random.below(20));
    }
    for (const slot of slots) {
      to.importing.delete(slot);
      from.migrating.delete(slot);
    }
    const { owners, epochs } = this.#belief;
    this.#publish({
      owners: owners.map((owner, slot) => slots.has(slot) ? to : owner),
      epochs: new Map([...epochs, [to, this.#newEpoch()]]),
    });
    to.believe(this.#belief);
    from.believe(this.#belief);
  }

  #keyIn(node: SimNode, slots: ReadonlySet<number>): string | undefined {
    return [...node.data.keys()].find((key) => {
      const bucket = Number(/:(\d+)\}/.exec(key)?.[1] ?? -1);
      return slots.has(BUCKET_SLOTS[bucket] ?? -1);
    });
  }

  #publish(news: Partial<Belief>): void {
    const belief = { ...this.#belief, ...news, version: this.#belief.version + 1 };
    this.#belief = belief;
    for (const node of this.nodes) {
      const arrive = (): void => {
        if (this.#belief !== belief) return; // newer news is in flight
        if (node.isIsolated || node.state === "down") return this.later(50, arrive);
        node.run(() => node.believe(belief));
      };
      this.later(1 + this.random.below(200), arrive);
    }
  }

  async #untilHealthy(): Promise<void> {
    const isHealthy = (node: SimNode) => {
      const master = this.#belief.masterOf.get(node);
      return node.belief === this.#belief && node.state === "running" && (master === undefined ||
        master.streams.some(({ replica, isOpen }) => isOpen && replica === node));
    };
    for (let round = 0;; round++) {
      await this.clock.sleep(100);
      if (this.#belief.failed.size > 0) this.#publish({ failed: new Set() });
      if (this.nodes.every(isHealthy)) break;
      assert(round < 100, "the simulated cluster does not become healthy");
    }
    await this.clock.sleep(500);
  }

  async #connect(address: Address, signal: AbortSignal): Promise<NodeConnection> {
    await this.clock.sleep(1 + this.random.below(3), signal);
    const node = this.nodes.find(({ address: { port } }) => port === address.port);
    if (node === undefined) throw new Error("no such node");
    const { socket, id } = node.connect();
    const link = new NodeConnection(address, socket);
    link.clientId = id;
    const closeLink = () => link.close();
    signal.addEventListener("abort", closeLink, { once: true });
    try {
      await link.ask("INFO", "server");
    } catch (error) {
      link.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", closeLink);
    }
    return link;
  }

  #replicasOf(master: SimNode): SimNode[] {
    return this.nodes.filter((node) => this.#belief.masterOf.get(node) === master);
  }

  #newEpoch(): number {
    return Math.max(...this.#belief.epochs.values()) + 1;
  }

  #choice<T>(elements: readonly T[]): T {
    const element = elements[this.random.below(elements.length)];
    if (element === undefined) throw new Error("nothing to choose from");
    return element;
  }

  #at(number: number): SimNode {
    const node = this.nodes[number];
    if (node === undefined) throw new Error(`there is no node ${number}`);
    return node;
  }
}

/** From now on, keys of a slot that its node does not have are asked for at the other one. */
function openSlot(slot: number, from: SimNode, to: SimNode): void {
  to.importing.add(slot);
  from.migrating.set(slot, to);
}
