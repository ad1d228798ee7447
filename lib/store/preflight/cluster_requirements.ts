/** What a cluster must be as a whole. One sentence for each violation. */
import { type Address, addressText } from "../../base/address.ts";
import { SLOTS } from "../bucket_slots.ts";
import type { ClusterNode } from "../cluster/topology.ts";
import type { NodeReport } from "./node_report.ts";
import { refusal } from "./requirements.ts";

/** The members of a cluster that a table uses. */
export interface ClusterMembers {
  /** Masters with slots. */
  readonly masters: readonly ClusterNode[];
  /** Their replicas that have not failed. */
  readonly replicas: readonly ClusterNode[];
}

/**
 * Requires that the addresses of the URL are nodes of one cluster that is complete.
 *
 * @param seeds the reports of these addresses
 * @throws {ExitError}
 */
export function requireCluster(
  seeds: readonly NodeReport[],
  needsReplicas: boolean,
): ClusterMembers {
  for (const { address, isCluster } of seeds) {
    const at = addressText(address);
    if (!isCluster) {
      throw refusal(`${at} is not a node of a cluster: use redis://${at} (rediss for TLS)`);
    }
  }
  // A node in the minority of a partition sees a failed cluster.
  const views = seeds.flatMap(({ cluster }) => cluster ?? []);
  const view = views.find(({ state }) => state === "ok") ?? views[0];
  const nodes = view?.nodes ?? [];
  for (const { address, cluster } of seeds) {
    const id = cluster?.nodes.find(({ isMyself }) => isMyself)?.id;
    if (!nodes.some((node) => node.id === id)) throw otherCluster(address);
  }
  const masters = nodes.filter(({ slots }) => slots.length > 0);
  const covered = masters.flatMap(({ slots }) => slots)
    .reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (covered < SLOTS) {
    throw refusal(
      `the cluster has no master for ${
        SLOTS - covered
      } of its ${SLOTS} slots: assign them (redis-cli --cluster fix)`,
    );
  }
  const failed = masters.find(({ isFailed }) => isFailed);
  if (failed !== undefined) {
    throw refusal(
      `the cluster has lost its master ${
        addressText(failed.address)
      }, and no replica has replaced it: start that node again`,
    );
  }
  if (view?.state !== "ok") {
    throw refusal(
      `the cluster is down, by its own account (cluster_state): see redis-cli --cluster check`,
    );
  }
  const ids = new Set(masters.map(({ id }) => id));
  const replicas = nodes.filter(({ masterId = "", isFailed }) => ids.has(masterId) && !isFailed);
  // With a lost node, a server must still start: lookups work, and changes wait for a replica.
  const hasLost = nodes.some(({ isFailed }) => isFailed);
  if (needsReplicas && !hasLost) requireReplicas(masters, replicas);
  return { masters, replicas };
}

function otherCluster(address: Address): Error {
  return refusal(
    `the URL of --store names nodes of several clusters: ${
      addressText(address)
    } is in another one than the others`,
  );
}

function requireReplicas(
  masters: readonly ClusterNode[],
  replicas: readonly ClusterNode[],
): void {
  for (const { id, address } of masters) {
    if (replicas.some(({ masterId }) => masterId === id)) continue;
    throw refusal(
      `the master ${
        addressText(address)
      } has no replica that works, so its loss would cost a part of the table: add one, or accept that with ?replicas=0`,
    );
  }
}
