/**
 * Which node serves each slot, from the answers of many nodes.
 *
 * Nodes may disagree: after a failover, the old master may still believe that the slots are its own, and
 * news of a migration needs some time. Of two claims for a slot, the one with the higher config epoch
 * counts. A claim with a lower epoch than an earlier one counts only if more than half of all nodes have
 * answered, so that a few nodes that the others have left behind never win.
 */
import { type Address, addressText } from "../../base/address.ts";
import { SLOTS } from "../bucket_slots.ts";
import type { ClusterNode } from "./topology.ts";

/** A master, and its replicas. */
export interface MasterView {
  readonly address: Address;
  readonly isFailed: boolean;
  readonly replicas: readonly ReplicaView[];
}

/** A replica. */
export interface ReplicaView {
  readonly address: Address;
  readonly isFailed: boolean;
}

/** What one node answered. */
export interface ClusterAnswer {
  readonly asked: Address;
  readonly nodes: readonly ClusterNode[];
}

/** The state of a cluster, as its nodes see it. */
export interface ClusterState {
  /** All masters, also those without slots. */
  readonly masters: readonly MasterView[];
  /** For each slot the index of its master in `masters`, or -1. */
  readonly owners: Int16Array;
  /** All known nodes. */
  readonly nodes: readonly Address[];
}

/** Merges answers. */
export class ClusterView {
  /** Id of the master of each slot. */
  #owners: (string | undefined)[] = Array<string | undefined>(SLOTS).fill(undefined);
  /** The epoch of that claim. */
  readonly #epochs = new Float64Array(SLOTS).fill(-1);

  /**
   * Merges the answers of one round.
   *
   * @param asked number of nodes that were asked
   * @returns undefined: no node that answered knows any node
   */
  merge(answers: readonly ClusterAnswer[], asked: number): ClusterState | undefined {
    const nodes = mergeNodes(answers);
    if (nodes.size === 0) return undefined;
    this.#mergeOwners(answers, nodes, answers.length * 2 > asked);
    return this.#state(nodes);
  }

  #mergeOwners(
    answers: readonly ClusterAnswer[],
    nodes: ReadonlyMap<string, ClusterNode>,
    isMajority: boolean,
  ): void {
    const owners = Array<string | undefined>(SLOTS).fill(undefined);
    const epochs = new Float64Array(SLOTS).fill(-1);
    for (const { id, epoch, slots } of answers.flatMap((answer) => answer.nodes)) {
      for (const { first, last } of slots) {
        for (let slot = first; slot <= last; slot++) {
          // Of equal epochs the earlier claim counts, so that two such answers do not alternate.
          const isNewer = epoch > (epochs[slot] ?? 0) ||
            epoch === epochs[slot] && id === this.#owners[slot];
          if (!isNewer) continue;
          owners[slot] = id;
          epochs[slot] = epoch;
        }
      }
    }
    for (let slot = 0; slot < SLOTS; slot++) {
      const isNewer = (epochs[slot] ?? -1) >= (this.#epochs[slot] ?? -1);
      const isGone = !nodes.has(this.#owners[slot] ?? "");
      if (!isNewer && !isMajority && !isGone) continue;
      this.#owners[slot] = owners[slot];
      this.#epochs[slot] = epochs[slot] ?? -1;
    }
  }

  #state(nodes: ReadonlyMap<string, ClusterNode>): ClusterState {
    const isMaster = ({ id, masterId }: ClusterNode) =>
      masterId === undefined || this.#owners.includes(id);
    const masters = [...nodes.values()].filter(isMaster);
    const indexes = new Map(masters.map(({ id }, index) => [id, index]));
    return {
      masters: masters.map(({ id, address, isFailed }) => ({
        address,
        isFailed,
        replicas: replicasOf(id, nodes),
      })),
      owners: Int16Array.from(this.#owners, (id = "") => indexes.get(id) ?? -1),
      nodes: [...nodes.values()].map(({ address }) => address),
    };
  }
}

function replicasOf(id: string, nodes: ReadonlyMap<string, ClusterNode>): ReplicaView[] {
  return [...nodes.values()].filter(({ masterId }) => masterId === id)
    .map(({ address, isFailed }) => ({ address, isFailed }));
}

/**
 * The nodes that the newest answers know, by id. Newest are the ones that know the highest epoch. A node
 * has failed if most of them say so.
 */
function mergeNodes(answers: readonly ClusterAnswer[]): Map<string, ClusterNode> {
  const newestEpoch = (nodes: readonly ClusterNode[]) =>
    nodes.reduce((most, { epoch }) => Math.max(most, epoch), -1);
  const newest = Math.max(...answers.map(({ nodes }) => newestEpoch(nodes)));
  const votes = new Map<string, { node: ClusterNode; failed: number; all: number }>();
  for (const { nodes } of answers) {
    if (newestEpoch(nodes) < newest) continue;
    for (const node of nodes) {
      const vote = votes.get(node.id) ?? { node, failed: 0, all: 0 };
      votes.set(node.id, vote);
      vote.all++;
      if (node.isFailed) vote.failed++;
      // A node knows best itself whether it is a master, and its master.
      if (node.isMyself) vote.node = node;
    }
  }
  return new Map([...votes].map(([id, { node, failed, all }]) => [
    id,
    { ...node, isFailed: failed * 2 > all },
  ]));
}

/** Addresses without repetition, in order. */
export function distinctAddresses(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((address) => [addressText(address), address])).values()];
}
