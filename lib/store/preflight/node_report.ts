/** What a node says about itself and its settings, for the checks before a server uses it. */
import { type Address, addressText } from "../../base/address.ts";
import { messageOf } from "../../base/errors.ts";
import { quoted } from "../../base/quote.ts";
import { NodeError, type NodeLink, type ReplyValue } from "../node_link.ts";
import { openNode } from "../open_node.ts";
import { SCRIPTS } from "../scripts.ts";
import { type NodeAccess, NodeConnectError } from "../store_socket.ts";
import { type ClusterNode, parseClientAddresses, parseClusterNodes } from "../cluster/topology.ts";

/** A node. Settings that it does not report are undefined. */
export interface NodeReport {
  readonly address: Address;
  /** Name and version, such as `Valkey 8.0.1`. */
  readonly product: string;
  /** The version of Redis that it is compatible with, such as `7.0.15`. */
  readonly redisVersion: string;
  readonly isCluster: boolean;
  readonly isReplica: boolean;
  /** HOST:PORT of the master of a replica. */
  readonly master: string;
  readonly isLoading: boolean;
  /** Replicas that are connected to it now. */
  readonly connectedReplicas: number;
  readonly evictionPolicy: string | undefined;
  /** Whether it writes changes to a file. */
  readonly hasFile: boolean | undefined;
  /** When that file is forced to disk: `always`, `everysec` or `no`. Undefined: `CONFIG` is forbidden. */
  readonly appendfsync: string | undefined;
  /** Undefined: it is no node of a cluster. */
  readonly cluster: ClusterReport | undefined;
}

/** The cluster as one node sees it. */
export interface ClusterReport {
  /** `ok`, or `fail` if it does not accept commands. */
  readonly state: string;
  readonly nodes: readonly ClusterNode[];
}

/** A largest number of a connection, which none has. */
const NO_CLIENT_ID = String(Number.MAX_SAFE_INTEGER);

/**
 * Asks a node, with a connection that is closed afterwards. A master must permit the commands of a table
 * that name no key.
 *
 * @param timeoutMs for all of it, in milliseconds
 * @throws {NodeConnectError} if there is no report in time
 */
export async function nodeReport(
  address: Address,
  access: NodeAccess,
  timeoutMs: number,
): Promise<NodeReport> {
  const startMs = performance.now();
  const link = await openNode(address, access, { timeoutMs });
  const timer = setTimeout(() => link.close(), timeoutMs - (performance.now() - startMs));
  try {
    return await reportOn(link);
  } catch (error) {
    throw askError(error, address);
  } finally {
    clearTimeout(timer);
    link.close();
    await link.closed;
  }
}

function askError(error: unknown, address: Address): NodeConnectError {
  const at = addressText(address);
  if (error instanceof NodeConnectError) return error;
  if (!(error instanceof NodeError)) {
    const why = `${at} does not answer: ${messageOf(error)}`;
    return new NodeConnectError("unreachable", why);
  }
  const { code, message } = error;
  return code === "NOPERM"
    ? new NodeConnectError("permission", `${at} does not permit it: ${quoted(message)}`, code)
    : new NodeConnectError("refused", `${at} refuses a question: ${quoted(message)}`, code);
}

async function reportOn(link: NodeLink): Promise<NodeReport> {
  const { address } = link;
  const [info, appendfsync] = await Promise.all([
    link.ask("INFO").then(membersOf),
    link.ask("CONFIG", "GET", "appendfsync").catch(undefinedIfRefused),
  ]);
  const isCluster = info.get("cluster_enabled") === "1" || info.get("redis_mode") === "cluster";
  const isReplica = info.get("role") === "slave";
  const isLoading = info.get("loading") === "1";
  if (!isReplica && !isLoading) await requirePermissions(link);
  const valkey = info.get("valkey_version");
  const redisVersion = info.get("redis_version") ?? "";
  const aof = info.get("aof_enabled");
  return {
    address,
    product: valkey === undefined ? `Redis ${redisVersion}` : `Valkey ${valkey}`,
    redisVersion,
    isCluster,
    isReplica,
    master: `${info.get("master_host")}:${info.get("master_port")}`,
    isLoading,
    connectedReplicas: Number(info.get("connected_slaves") ?? 0),
    evictionPolicy: info.get("maxmemory_policy"),
    hasFile: aof === undefined ? undefined : aof === "1",
    appendfsync: settingIn(appendfsync),
    cluster: isCluster ? await clusterReport(link) : undefined,
  };
}

/** Uses the commands of a table that name no key, without an effect. */
async function requirePermissions(link: NodeLink): Promise<void> {
  await Promise.all([
    ...SCRIPTS.map(({ text }) => link.ask("SCRIPT", "LOAD", text)),
    link.ask("EVAL", "return 1", "0"),
    link.ask("WAIT", "0", "0"),
    link.ask("CLIENT", "KILL", "ID", NO_CLIENT_ID),
  ]);
}

async function clusterReport(link: NodeLink): Promise<ClusterReport> {
  const { address } = link;
  const [info, nodesText, slots] = await Promise.all([
    link.ask("CLUSTER", "INFO").then(membersOf),
    link.ask("CLUSTER", "NODES"),
    link.ask("CLUSTER", "SLOTS"),
  ]);
  const addresses = parseClientAddresses(slots, address);
  const nodes = parseClusterNodes(String(nodesText), address)
    .map((node) => ({ ...node, address: addresses.get(node.id) ?? node.address }));
  return { state: info.get("cluster_state") ?? "unknown", nodes };
}

/** The members of a text of lines such as `redis_version:7.0.15`. */
function membersOf(text: ReplyValue): ReadonlyMap<string, string> {
  const lines = String(text).matchAll(/^([a-z_0-9]+):([^\r\n]*)/gm);
  return new Map(Array.from(lines, ([, name = "", value = ""]) => [name, value]));
}

/** The value in a reply to `CONFIG GET` with one name. */
function settingIn(reply: ReplyValue | undefined): string | undefined {
  const value = Array.isArray(reply) ? reply[1] : undefined;
  return typeof value === "string" ? value : undefined;
}

function undefinedIfRefused(error: unknown): undefined {
  if (!(error instanceof NodeError)) throw error;
}
