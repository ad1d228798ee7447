/** The interface of a lane to its node: what it needs, and what it reports. */
import type { Address } from "../../base/address.ts";
import type { Timing } from "../../base/clock.ts";
import type { Connect } from "./control_links.ts";
import type { PendingCommand } from "./pending_command.ts";

/** A connection that was closed although the node had not answered writes on it. */
export interface Zombie {
  readonly clientId: number;
  /** The process of the node that had it. */
  readonly runId: string;
}

/** A node, as its lanes see it. */
export interface LaneHost {
  readonly address: Address;
  /** The address as a text, for messages. */
  readonly name: string;
  readonly timing: Timing;
  readonly connect: Connect;
  /** Whether other nodes serve all slots that this one has served. */
  readonly isRetired: boolean;
  /** Whether changes must wait until the node has its replicas. */
  readonly isHeld: boolean;
  /** Replicas that must confirm each change. */
  readonly requiredReplicas: number;
  readonly zombies: readonly Zombie[];
  addZombie(zombie: Zombie): void;
  removeZombie(zombie: Zombie): void;

  /** The connection works. @param runId identifies the node's process; "": unknown */
  onConnected(runId: string): void;
  /** The connection has ended, or could not be made. */
  onUnreachable(why: string): void;
  /** Commands have had no reply for a while. */
  onSilent(): void;
  /** Pumps all lanes at the end of this round of the event loop. */
  schedulePump(): void;
  /** A connection with commands in flight was closed. */
  onAbandoned(): void;
  /** Too few replicas have confirmed a change. */
  onShort(confirmed: number): void;
  /** The replicas have confirmed a batch. */
  onBatch(): void;
  /** The command could not be encoded, so it was not sent. */
  onUnsendable(command: PendingCommand, why: string): void;
  /** The node has replied an error: the command was not executed. */
  onRefused(command: PendingCommand): void;
  /** The command has changed nothing, and its reply does not count: execute it again. */
  onRetry(command: PendingCommand, why: string): void;
  /** The command may have been executed. */
  onLost(command: PendingCommand, why: string): void;
}
