/**
 * A table in a shared store: a cluster, or a single node.
 *
 * A command goes to the node that serves its bucket's slot (`shard.ts`). What the node refuses is executed
 * again, there or elsewhere, until a deadline. Each command ends exactly once.
 */
import { type Address, addressText } from "../../base/address.ts";
import { machineTiming, type Timing } from "../../base/clock.ts";
import { plainLine } from "../../base/quote.ts";
import { ClusterWatch, type WatchResult } from "./cluster_watch.ts";
import { type Connect, ControlLinks } from "./control_links.ts";
import type { FenceKeys } from "./durable_lane.ts";
import { PendingCommand } from "./pending_command.ts";
import { actionFor, parseRedirection } from "./refusals.ts";
import { RetryPauses } from "./retry_pauses.ts";
import { Shard, type ShardCounts, type ShardOwner } from "./shard.ts";
import type { StoreState } from "./state_log.ts";
import { SLOTS } from "../bucket_slots.ts";
import type { Store, StoreCommand, StoreFailure } from "../store.ts";

/** Longest time of a command until it is sent for the last time, in milliseconds. */
const DEADLINE_MS = 10_000;

/** Time between two checks of deadlines and silent nodes, in milliseconds. */
const TICK_MS = 100;

/** Refusals that point to another node are followed at once, up to this number; then with pauses. */
const MAX_IMMEDIATE = 4;

/** Longest reason of a node in a message, in characters. */
const MAX_WHY_CHARS = 200;

/** What a store needs. */
export interface ClusterStoreOptions {
  /** The nodes of the store's URL. A single node is the first one. */
  readonly seeds: readonly Address[];
  /** Connects to a node: authenticated, with the scripts loaded. */
  readonly connect: Connect;
  /** Loads the scripts again, at a node that has lost them. */
  readonly scripts: readonly string[];
  /** Hash slot of each bucket, and of the table's description. */
  readonly slots: Uint16Array;
  readonly keys: FenceKeys;
  readonly isCluster: boolean;
  /** Whether a change waits for replicas (default: true for a cluster). */
  readonly needsReplicas?: boolean;
  /** Whether reads wait for what they saw, too (default: false). */
  readonly hasFencedReads?: boolean;
  /** Default: the clock of this machine. */
  readonly timing?: Timing;
}

/** A store over the nodes of a cluster, or over a single node. */
export class ClusterStore implements Store, ShardOwner {
  readonly durability: "replicated" | "store";
  readonly timing: Timing;
  readonly connect: Connect;
  readonly keys: FenceKeys;
  readonly needsReplicas: boolean;
  readonly hasFencedReads: boolean;
  readonly counts: ShardCounts = {
    batches: 0,
    connections: 0,
    abandonedConnections: 0,
    shortWaits: 0,
  };
  readonly #slotOfBucket: Uint16Array;
  readonly #scripts: readonly string[];
  readonly #links: ControlLinks;
  readonly #watch: ClusterWatch | undefined;
  readonly #pauses: RetryPauses;
  readonly #retries = new Map<string, number>();
  #lostCommands = 0;
  #failedCommands = 0;
  /** The nodes that serve slots, or have served some, by name. */
  readonly #shards = new Map<string, Shard>();
  /** The shard of each slot. */
  readonly #owners: (Shard | undefined)[] = Array<Shard | undefined>(SLOTS).fill(undefined);
  /** The time, as of the last tick. */
  #nowMs: number;
  /** Shards whose scripts are being loaded. */
  readonly #loading = new Set<Shard>();
  #isClosed = false;
  readonly #stop = new AbortController();
  readonly #ticks: Promise<void>;

  constructor(options: ClusterStoreOptions) {
    const { seeds, isCluster, needsReplicas = isCluster, timing = machineTiming } = options;
    this.timing = timing;
    this.connect = options.connect;
    this.keys = options.keys;
    this.needsReplicas = needsReplicas;
    this.hasFencedReads = options.hasFencedReads ?? false;
    this.durability = needsReplicas ? "replicated" : "store";
    this.#slotOfBucket = options.slots;
    this.#scripts = options.scripts;
    this.#pauses = new RetryPauses(timing, (command) => this.#route(command));
    this.#links = new ControlLinks(options.connect, timing);
    this.#nowMs = timing.now();
    if (isCluster) {
      const onResult = (result: WatchResult) => this.#use(result);
      this.#watch = new ClusterWatch({ seeds, links: this.#links, timing, onResult });
      this.#watch.start();
    } else if (seeds[0] !== undefined) {
      const shard = this.#shardAt(seeds[0]);
      this.#owners.fill(shard);
    }
    this.#ticks = this.#tickUntilStop();
  }

  execute(command: StoreCommand): void {
    const pending = new PendingCommand(command, this.#nowMs);
    const shard = this.#owners[this.#slotOfBucket[command.bucket] ?? 0];
    if (shard === undefined || this.#isClosed) this.#route(pending);
    else shard.push(pending);
  }

  get state(): StoreState<Shard> {
    // A node that has lost its slots may still have connections to end. A single node is not watched.
    const shards = [...this.#shards.values()].filter(({ isRetired }) => !isRetired);
    const uncoveredSlots = this.#owners.filter((shard) => shard === undefined).length;
    return { shards, uncoveredSlots, lastError: (this.#watch ?? shards[0])?.lastError ?? "" };
  }

  info(): Record<string, unknown> {
    const { shards, uncoveredSlots, lastError } = this.state;
    const { batches, connections, abandonedConnections, shortWaits } = this.counts;
    return {
      shards: shards.map((shard) => shard.info()),
      uncovered_slots: uncoveredSlots,
      last_error: lastError === "" ? null : lastError,
      pausing: this.#pauses.length,
      batches,
      connections,
      abandoned_connections: abandonedConnections,
      short_waits: shortWaits,
      retries: Object.fromEntries(this.#retries),
      failed_commands: this.#failedCommands,
      lost_commands: this.#lostCommands,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop.abort();
    this.#links.close();
    for (const shard of this.#shards.values()) {
      shard.close(STOPPED);
      for (const command of shard.removeWaiting(() => true)) this.#route(command);
    }
    this.#pauses.close();
    await this.#watch?.close();
    await this.#ticks;
  }

  refresh(suspect?: Address): void {
    this.#watch?.refresh(suspect);
  }

  onUnsendable(command: PendingCommand, why: string): void {
    command.why = why;
    this.#fail(command, "rejected");
  }

  onRefused(command: PendingCommand, shard: Shard): void {
    const { errorCode, errorMessage } = command;
    const action = actionFor(errorCode);
    command.why = `${shard.name}: ${plainLine(errorMessage).slice(0, MAX_WHY_CHARS)}`;
    if (action === "full") return this.#fail(command, "full");
    if (action === "no memory" && command.command.kind !== "read") {
      return this.onLost(command, command.why);
    }
    const to = action === "moved" || action === "ask"
      ? parseRedirection(errorMessage, shard.address)
      : undefined;
    const isRejected = action === "reject" || action === "no memory" ||
      this.#watch === undefined && to !== undefined;
    if (isRejected) return this.#fail(command, "rejected");
    command.askAddress = undefined;
    this.#countRetry(command, errorCode);
    if (action === "load scripts") this.#loadScripts(shard);
    else if (action === "ask") command.askAddress = to?.address;
    else if (errorCode !== "TRYAGAIN" && errorCode !== "BUSY") this.refresh(shard.address);
    if (action === "moved" && to !== undefined && to.slot < SLOTS) {
      this.#owners[to.slot] = this.#shardAt(to.address);
    }
    if (to !== undefined && command.attempts <= MAX_IMMEDIATE) this.#route(command);
    else this.#pauses.add(command);
  }

  onRetry(command: PendingCommand, why: string): void {
    command.why = why;
    command.askAddress = undefined;
    this.#countRetry(command, "lost reply");
    this.#pauses.add(command);
  }

  onLost({ command }: PendingCommand, why: string): void {
    this.#lostCommands++;
    command.lost(why);
  }

  #countRetry(command: PendingCommand, reason: string): void {
    command.attempts++;
    this.#retries.set(reason, (this.#retries.get(reason) ?? 0) + 1);
  }

  #fail({ command, why }: PendingCommand, kind: StoreFailure["kind"]): void {
    this.#failedCommands++;
    command.failed({ kind, why });
  }

  /** Gives a command to the shard that serves it now; or lets it pause, or fail. */
  #route(command: PendingCommand): void {
    if (this.#isClosed) command.why = STOPPED;
    if (this.#isClosed || this.#isOver(command)) return this.#fail(command, "unavailable");
    const { askAddress, command: { bucket } } = command;
    const slot = this.#slotOfBucket[bucket] ?? 0;
    const shard = askAddress === undefined ? this.#owners[slot] : this.#shardAt(askAddress);
    if (shard !== undefined) return shard.push(command);
    command.why = `no node serves slot ${slot}`;
    this.#countRetry(command, "no node");
    this.refresh();
    this.#pauses.add(command);
  }

  /** Whether a waiting command must fail. */
  #isOver({ command, sinceMs }: PendingCommand): boolean {
    return command.isUnwanted === true || this.#nowMs - sinceMs >= DEADLINE_MS;
  }

  #shardAt(address: Address): Shard {
    const name = addressText(address);
    const shard = this.#shards.get(name) ?? new Shard(address, this);
    this.#shards.set(name, shard);
    return shard;
  }

  #use({ state, replication }: WatchResult): void {
    const shards = state.masters.map(({ address }) => this.#shardAt(address));
    const slots = new Map<Shard, number>();
    for (let slot = 0; slot < SLOTS; slot++) {
      const shard = shards[state.owners[slot] ?? -1];
      this.#owners[slot] = shard;
      if (shard !== undefined) slots.set(shard, (slots.get(shard) ?? 0) + 1);
    }
    for (const [name, shard] of this.#shards) {
      const master = state.masters[shards.indexOf(shard)];
      const replicas = master?.replicas ?? [];
      shard.update({
        slots: slots.get(shard) ?? 0,
        isMaster: master !== undefined && !master.isFailed,
        knownReplicas: replicas.length,
        healthyReplicas: replicas.filter(({ isFailed }) => !isFailed).length,
        replication: replication.get(name),
      });
    }
    this.#reroute();
    for (const [name, shard] of this.#shards) {
      if (!shard.isUnused) continue;
      shard.close(STOPPED);
      this.#shards.delete(name);
    }
  }

  /** Moves waiting commands to the shards that serve them now. */
  #reroute(): void {
    for (const shard of this.#shards.values()) {
      const isElsewhere = ({ askAddress, command }: PendingCommand) =>
        askAddress === undefined && this.#owners[this.#slotOfBucket[command.bucket] ?? 0] !== shard;
      for (const command of shard.removeWaiting(isElsewhere)) this.#route(command);
    }
  }

  #loadScripts(shard: Shard): void {
    if (this.#loading.has(shard)) return;
    this.#loading.add(shard);
    const loaded = () => void this.#loading.delete(shard);
    const questions = this.#scripts.map((text) => ["SCRIPT", "LOAD", text]);
    // If it fails, the next attempt of a command loads them again.
    this.#links.ask(shard.address, LOAD_MS, questions).then(loaded, loaded);
  }

  async #tickUntilStop(): Promise<void> {
    while (await this.timing.sleep(TICK_MS, this.#stop.signal)) {
      this.#nowMs = this.timing.now();
      for (const shard of this.#shards.values()) {
        shard.tick(this.#nowMs);
        for (const command of shard.removeWaiting((waiting) => this.#isOver(waiting))) {
          command.why ||= shard.whyWaiting;
          this.#fail(command, "unavailable");
        }
      }
    }
  }
}

/** Longest time to load the scripts again, in milliseconds. */
const LOAD_MS = 1_000;
const STOPPED = "this server is stopping";
