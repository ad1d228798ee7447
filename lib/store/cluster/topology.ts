/**
 * Reads what a node knows of its cluster, from the replies to `CLUSTER NODES` and `CLUSTER SLOTS`.
 *
 * `CLUSTER NODES` is a line for each node (redis.io/docs/latest/commands/cluster-nodes):
 * `<id> <ip:port@bus-port[,host[,...]]> <flags> <master id or -> <ping> <pong> <config epoch> <link> <slots>...`.
 * It has the config epochs and the nodes that the cluster flags as failed; `CLUSTER SHARDS` has no epochs.
 * Text from outside: what does not have this form is skipped.
 */
import type { Address } from "../../base/address.ts";
import { SLOTS } from "../bucket_slots.ts";
import type { ReplyValue } from "../node_link.ts";

/** Nodes of a cluster that are read; further lines are skipped (I5). Redis itself names 1,000 as its limit. */
const MAX_NODES = 1_000;

/** Ranges of slots of a node that are read: each second slot of all. */
const MAX_RANGES = SLOTS / 2;

/** Slots from the first to the last one, inclusive. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** A node, as another node (or itself) knows it. */
export interface ClusterNode {
  readonly id: string;
  readonly address: Address;
  /** The address as the node announces it. Its address for clients, in `CLUSTER SLOTS`, may have another host. */
  readonly announced: string;
  /** Whether it is the node that replied. */
  readonly isMyself: boolean;
  /** The master that it is a replica of; undefined: it is a master. */
  readonly masterId: string | undefined;
  /** Whether the majority of masters has found that it does not answer. */
  readonly isFailed: boolean;
  /** The number of its last election or migration, or the one of its master: of two claims the higher counts. */
  readonly epoch: number;
  readonly slots: readonly SlotRange[];
}

/**
 * Parses a reply to `CLUSTER NODES`. Nodes without an address and nodes that have not joined yet are left out.
 *
 * @param asked the address of the node that replied, which may not know its own host
 */
export function parseClusterNodes(text: string, asked: Address): ClusterNode[] {
  const nodes: ClusterNode[] = [];
  for (const line of text.split("\n", MAX_NODES)) {
    const node = parseNode(line.trimEnd(), asked);
    if (node !== undefined) nodes.push(node);
  }
  return nodes;
}

function parseNode(line: string, asked: Address): ClusterNode | undefined {
  const [id = "", place = "", flagWords = "", master = "", , , epochDigits = "", , ...ranges] = line
    .split(" ", 8 + MAX_RANGES);
  const flags = flagWords.split(",");
  const isMaster = flags.includes("master");
  if (!isMaster && !flags.includes("slave") || !isId(id) || !/^\d{1,15}$/.test(epochDigits)) {
    return undefined;
  }
  if (flags.includes("noaddr") || flags.includes("handshake")) return undefined;
  const [endpoint = ""] = place.split(",", 1);
  const address = parseEndpoint(endpoint.replace(/@\d+$/, ""), asked.hostname);
  if (address === undefined || !isMaster && !isId(master)) return undefined;
  return {
    id,
    address,
    announced: place,
    isMyself: flags.includes("myself"),
    masterId: isMaster ? undefined : master,
    isFailed: flags.includes("fail"),
    epoch: Number(epochDigits),
    slots: isMaster ? ranges.flatMap(parseRange) : [],
  };
}

/** `7` or `0-5460`; a slot that is migrating, `[93->-<id>]`, still belongs to the node that lists it as its own. */
function parseRange(text: string): SlotRange[] {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const first = Number(from), last = Number(to);
  return first <= last && last < SLOTS ? [{ first, last }] : [];
}

function isId(text: string): boolean {
  return /^[\w-]{1,64}$/.test(text);
}

/**
 * Parses an address as a node writes it: `127.0.0.1:7000`, `::1:7000` or `name:7000`.
 *
 * @param fallback the host of an address without one: the one that was asked
 * @returns undefined: it is none
 */
export function parseEndpoint(text: string, fallback: string): Address | undefined {
  const colon = text.lastIndexOf(":");
  const port = /^\d{1,5}$/.test(text.slice(colon + 1)) ? Number(text.slice(colon + 1)) : 0;
  const hostname = endpointHost(text.slice(0, Math.max(0, colon)), fallback);
  return colon < 0 || hostname === undefined || port < 1 || port > 65_535
    ? undefined
    : { hostname, port };
}

function endpointHost(text: string, fallback: string): string | undefined {
  if (text === "" || text === "?") return fallback;
  return /^[\w.:%-]{1,255}$/.test(text) ? text : undefined;
}

/**
 * Parses a reply to `CLUSTER SLOTS`: an array of `[first, last, [host, port, id, ...], ...]`.
 *
 * @returns the address for clients of each node, by the node's id
 */
export function parseClientAddresses(reply: ReplyValue, asked: Address): Map<string, Address> {
  const addresses = new Map<string, Address>();
  for (const range of asArray(reply)) {
    for (const node of asArray(range).slice(2)) {
      const [host, port, id] = asArray(node);
      if (typeof id !== "string" || typeof port !== "number" || addresses.size >= MAX_NODES) {
        continue;
      }
      const address = parseEndpoint(`${host ?? ""}:${port}`, asked.hostname);
      if (address !== undefined) addresses.set(id, address);
    }
  }
  return addresses;
}

function asArray(value: ReplyValue | undefined): readonly ReplyValue[] {
  return Array.isArray(value) ? value : [];
}

/** What a master's `INFO replication` says of its replicas. */
export interface ReplicationInfo {
  /** Replicas that receive each change, and confirm it. */
  readonly online: number;
  /** Replicas that still receive the whole table: they are not ready to replace the master. */
  readonly syncing: number;
}

/** Seconds since a replica has confirmed anything, which it does once a second: a slower one is not online. */
const MAX_LAG_S = 3;

/** Parses a reply to `INFO replication`: a line such as `slave0:ip=::1,port=7003,state=online,offset=9,lag=0`. */
export function parseReplicationInfo(text: string): ReplicationInfo {
  let online = 0, syncing = 0;
  for (const line of text.match(/^slave\d+:.*$/gm) ?? []) {
    if (!/[:,]state=online\b/.test(line)) syncing++;
    else if (Number(/[:,]lag=(\d+)/.exec(line)?.[1] ?? 0) <= MAX_LAG_S) online++;
  }
  return { online, syncing };
}
