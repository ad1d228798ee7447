/**
 * One node that serves slots: its connections, the commands that wait for them, and its replicas.
 *
 * Changes go to a durable lane, reads to a plain one (or also to the durable one, if reads are fenced). If
 * the node has too few replicas, changes are held back: they have not been executed, so they can still
 * fail, or go to another node. Without required replicas there is only a plain lane.
 */
import { type Address, addressText } from "../../base/address.ts";
import type { Timing } from "../../base/clock.ts";
import { LaneQueue } from "./lane_queue.ts";
import type { Connect } from "./control_links.ts";
import { DurableLane, type FenceKeys } from "./durable_lane.ts";
import type { Lane } from "./lane.ts";
import type { LaneHost, Zombie } from "./lane_host.ts";
import type { PendingCommand } from "./pending_command.ts";
import { PlainLane } from "./plain_lane.ts";
import type { ReplicationInfo } from "./topology.ts";

/** Connections with unanswered writes that a node remembers; the oldest are forgotten first (I5). */
const MAX_ZOMBIES = 64;

/** What happens to commands on a shard. */
export interface ShardOwner {
  readonly timing: Timing;
  readonly connect: Connect;
  readonly keys: FenceKeys;
  /** Whether changes wait for replicas. */
  readonly needsReplicas: boolean;
  /** Whether reads wait, too. */
  readonly hasFencedReads: boolean;
  readonly counts: ShardCounts;
  /** Asks the cluster's nodes which of them serves what; in any case this one. */
  refresh(suspect: Address): void;
  /** See `LaneHost`. */
  onUnsendable(command: PendingCommand, why: string): void;
  /** See `LaneHost`. */
  onRefused(command: PendingCommand, shard: Shard): void;
  /** See `LaneHost`. */
  onRetry(command: PendingCommand, why: string): void;
  /** See `LaneHost`. */
  onLost(command: PendingCommand, why: string): void;
}

/** What is known of a node. */
export interface ShardState {
  /** Number of slots that it serves. */
  readonly slots: number;
  /** Whether the cluster knows it as a master that has not failed. */
  readonly isMaster: boolean;
  readonly knownReplicas: number;
  /** Replicas that have not failed. */
  readonly healthyReplicas: number;
  /** What the node itself says; undefined: it did not answer. */
  readonly replication: ReplicationInfo | undefined;
}

/** Counts since the start. */
export interface ShardCounts {
  batches: number;
  connections: number;
  abandonedConnections: number;
  shortWaits: number;
}

/** A node. */
export class Shard implements LaneHost {
  readonly address: Address;
  readonly name: string;
  readonly #owner: ShardOwner;
  readonly #changes = new LaneQueue();
  readonly #reads: LaneQueue;
  readonly #lanes: readonly Lane[];
  #zombies: readonly Zombie[] = [];
  #isPumpScheduled = false;
  #knownReplicas = 0;
  #healthyReplicas = 0;
  #requiredReplicas = 1;
  #isHeld = false;
  #isRetired = false;
  /** Undefined: the cluster has not named this node yet. */
  #slots: number | undefined;
  #lastError = "";

  constructor(address: Address, owner: ShardOwner) {
    this.address = address;
    this.name = addressText(address);
    this.#owner = owner;
    this.#reads = owner.needsReplicas && !owner.hasFencedReads ? new LaneQueue() : this.#changes;
    const plain = () => new PlainLane(this, this.#reads, !owner.needsReplicas);
    const durable = () => new DurableLane(this, this.#changes, owner.keys);
    this.#lanes = !owner.needsReplicas
      ? [plain()]
      : owner.hasFencedReads
      ? [durable()]
      : [durable(), plain()];
  }

  get timing(): Timing {
    return this.#owner.timing;
  }

  get connect(): Connect {
    return this.#owner.connect;
  }

  get isRetired(): boolean {
    return this.#isRetired;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get slots(): number | undefined {
    return this.#slots;
  }

  get lastError(): string {
    return this.#lastError;
  }

  get requiredReplicas(): number {
    return this.#requiredReplicas;
  }

  get zombies(): readonly Zombie[] {
    return this.#zombies;
  }

  /** Whether it serves no slot, and nothing is left to do. */
  get isUnused(): boolean {
    return this.#slots === 0 && this.#waiting() === 0 && this.#zombies.length === 0 &&
      this.#lanes.every(({ isBusy }) => !isBusy);
  }

  /** Takes a command. */
  push(command: PendingCommand): void {
    (command.command.kind === "read" ? this.#reads : this.#changes).push(command);
    this.schedulePump();
  }

  schedulePump(): void {
    if (this.#isPumpScheduled) return;
    this.#isPumpScheduled = true;
    queueMicrotask(this.#pump);
  }

  /** Called a few times a second. */
  tick(nowMs: number): void {
    for (const lane of this.#lanes) lane.tick(nowMs);
    if (this.#isHeld && this.#changes.length > 0) this.#owner.refresh(this.address);
  }

  /** Takes what the cluster says of this node. */
  update({ slots, isMaster, knownReplicas, healthyReplicas, replication }: ShardState): void {
    this.#slots = slots;
    this.#isRetired = slots === 0 && !isMaster;
    this.#knownReplicas = knownReplicas;
    this.#healthyReplicas = healthyReplicas;
    if (!this.#owner.needsReplicas) return;
    // A replica that receives the whole table for the first time cannot confirm anything yet.
    this.#requiredReplicas = Math.max(1, healthyReplicas - (replication?.syncing ?? 0));
    const online = replication?.online ?? (healthyReplicas === 0 ? 0 : undefined);
    if (online === undefined) return; // the next batch shows it
    if (online >= this.#requiredReplicas) this.#release();
    else this.#hold(`it has ${online} of ${this.#requiredReplicas} replicas`);
  }

  /** Removes the waiting commands for which the function returns true, and returns them. */
  removeWaiting(isRemoved: (command: PendingCommand) => boolean): PendingCommand[] {
    if (this.#waiting() === 0) return [];
    return [this.#changes, this.#reads].flatMap((queue) => queue.remove(isRemoved));
  }

  /** Why the commands wait that are in the queues. */
  get whyWaiting(): string {
    return this.#lastError === "" ? `${this.name} is busy` : `${this.name}: ${this.#lastError}`;
  }

  /** The state for `info`. */
  info(): Record<string, unknown> {
    return {
      node: this.name,
      slots: this.#slots ?? null,
      replicas: { known: this.#knownReplicas, healthy: this.#healthyReplicas },
      waiting: this.#waiting(),
      changes_held_back: this.#isHeld,
      last_error: this.#lastError === "" ? null : this.#lastError,
    };
  }

  /** Closes the connections. */
  close(why: string): void {
    for (const lane of this.#lanes) lane.abandon(why);
  }

  addZombie(zombie: Zombie): void {
    this.#zombies = [...this.#zombies, zombie].slice(-MAX_ZOMBIES);
  }

  removeZombie(zombie: Zombie): void {
    this.#zombies = this.#zombies.filter((other) => other !== zombie);
  }

  onConnected(runId: string): void {
    this.#owner.counts.connections++;
    if (!this.#isHeld) this.#lastError = "";
    // A client id of an earlier process may be one of an innocent connection now.
    if (runId !== "") this.#zombies = this.#zombies.filter((zombie) => zombie.runId === runId);
  }

  onUnreachable(why: string): void {
    this.#lastError = why;
    this.#owner.refresh(this.address);
  }

  onSilent(): void {
    this.#owner.refresh(this.address);
  }

  onAbandoned(): void {
    this.#owner.counts.abandonedConnections++;
  }

  onShort(confirmed: number): void {
    this.#owner.counts.shortWaits++;
    this.#hold(`${confirmed} of ${this.#requiredReplicas} replicas have confirmed a change`);
    this.#owner.refresh(this.address);
  }

  onBatch(): void {
    this.#owner.counts.batches++;
    if (this.#isHeld) this.#release();
  }

  onUnsendable(command: PendingCommand, why: string): void {
    this.#owner.onUnsendable(command, why);
  }

  onRefused(command: PendingCommand): void {
    this.#owner.onRefused(command, this);
  }

  onRetry(command: PendingCommand, why: string): void {
    this.#owner.onRetry(command, why);
  }

  onLost(command: PendingCommand, why: string): void {
    this.#owner.onLost(command, why);
  }

  readonly #pump = (): void => {
    this.#isPumpScheduled = false;
    for (const lane of this.#lanes) lane.pump();
  };

  #waiting(): number {
    return this.#changes.length + (this.#reads === this.#changes ? 0 : this.#reads.length);
  }

  #hold(why: string): void {
    this.#isHeld = true;
    this.#lastError = why;
  }

  #release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#lastError = "";
    this.schedulePump();
  }
}
