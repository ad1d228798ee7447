/**
 * Watches a cluster: asks its nodes which of them serves each slot, and how many replicas each master has.
 *
 * A round asks all known nodes at once, and the ones of the store's URL. It begins every few seconds, or
 * soon after `refresh`. It ends soon after more than half of the nodes have answered, so that a silent node
 * delays nothing.
 */
import { type Address, addressText } from "../../base/address.ts";
import type { Timing } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import {
  type ClusterAnswer,
  type ClusterState,
  ClusterView,
  distinctAddresses,
} from "./cluster_view.ts";
import type { ControlLinks } from "./control_links.ts";
import { NodeError, type ReplyValue } from "../node_link.ts";
import {
  type ClusterNode,
  parseClientAddresses,
  parseClusterNodes,
  parseReplicationInfo,
  type ReplicationInfo,
} from "./topology.ts";

/** Time between two rounds, in milliseconds, if nothing asks for one earlier. */
const ROUND_MS = 2_000;

/** Shortest time between the beginnings of two rounds, in milliseconds. */
const MIN_ROUND_MS = 50;

/** Longest time of a node's answer, in milliseconds, with the time to connect. */
const ANSWER_MS = 1_000;

/** Time for the last answers, in milliseconds, after more than half of the nodes have answered. */
const LATE_MS = 100;

/** Nodes asked in a round (I5). A larger cluster is asked in part: suspects first, then masters. */
const MAX_ASKED = 32;

/** Hosts that are remembered (I5): more than the nodes of any cluster. */
const MAX_CLIENT_HOSTS = 4_000;

const ALL_ONLINE: ReplicationInfo = { online: Infinity, syncing: 0 };

/** What a round has found. */
export interface WatchResult {
  readonly state: ClusterState;
  /** What the nodes that answered say of their replicas, by `addressText` of their address. */
  readonly replication: ReadonlyMap<string, ReplicationInfo>;
}

/** What a watch needs. */
export interface WatchOptions {
  /** The nodes of the store's URL. */
  readonly seeds: readonly Address[];
  readonly links: ControlLinks;
  readonly timing: Timing;
  /** Receives each result. */
  readonly onResult: (result: WatchResult) => void;
}

interface NodeAnswer extends ClusterAnswer {
  readonly replication: ReplicationInfo;
}

/** Watches a cluster until it is closed. */
export class ClusterWatch {
  readonly #options: WatchOptions;
  readonly #view = new ClusterView();
  #state: ClusterState | undefined;
  #wake = new AbortController();
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #lastError = "no node has answered yet";
  #hasAnswers = false;
  /** The host for clients of each node, by its id and what it announces. */
  readonly #clientHosts = new Map<string, string>();
  /** The nodes that were asked and have not answered yet, and what to say about them. */
  readonly #silent = new Map<string, string>();
  /** The nodes that `refresh` has named and no round has asked since then, the earliest first. */
  readonly #suspects = new Map<string, Address>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Why a node did not answer in the last round; "": all answered. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Begins to watch. */
  start(): void {
    this.#ended = this.#run();
  }

  /** Begins a round as soon as possible. @param suspect a node that must be asked in it, if it is known */
  refresh(suspect?: Address): void {
    if (suspect !== undefined) this.#suspects.set(addressText(suspect), suspect);
    this.#wake.abort();
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.refresh();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { timing } = this.#options;
    while (!this.#stop.signal.aborted) {
      const beganMs = timing.now();
      this.#wake = new AbortController();
      await this.#round();
      await timing.sleep(Math.max(0, beganMs + MIN_ROUND_MS - timing.now()), this.#stop.signal);
      const restMs = beganMs + ROUND_MS - timing.now();
      if (restMs > 0) await timing.sleep(restMs, this.#wake.signal);
    }
  }

  /** Asks all nodes, and waits for most answers. Nodes that are still asked since an earlier round are silent. */
  async #round(): Promise<void> {
    const asked = this.#nodesToAsk();
    for (const name of asked.map(addressText)) this.#suspects.delete(name);
    const answers: NodeAnswer[] = [], errors: string[] = [];
    const most = Promise.withResolvers<void>();
    const asking = asked.filter((address) => !this.#silent.has(addressText(address)))
      .map(async (address) => {
        const name = addressText(address);
        this.#silent.set(name, `${name} does not answer`);
        try {
          answers.push(await this.#ask(address));
          this.#silent.delete(name);
          if (answers.length * 2 > asked.length) most.resolve();
        } catch (error) {
          this.#silent.delete(name);
          errors.push(`${name}: ${messageOf(error)}`);
        }
      });
    const all = Promise.all(asking);
    await Promise.race([most.promise, all]);
    if (answers.length < asked.length) {
      this.#use(answers, asked);
      const { timing } = this.#options;
      await Promise.race([all, timing.sleep(LATE_MS, this.#stop.signal)]);
    }
    // A node that refuses is a better reason than one that may only be slow.
    this.#lastError = [...errors, ...this.#silent.values()][0] ?? "";
    this.#hasAnswers = answers.length > 0;
    this.#use(answers, asked);
  }

  #nodesToAsk(): Address[] {
    const { masters = [], nodes = [] } = this.#state ?? {};
    const known = distinctAddresses([...masters.map(({ address }) => address), ...nodes]);
    const names = new Set(known.map(addressText));
    for (const name of this.#suspects.keys()) if (!names.has(name)) this.#suspects.delete(name);
    // A node of the URL may be a known one by another name, so they are asked only if need be.
    const seeds = this.#hasAnswers ? [] : this.#options.seeds;
    return distinctAddresses([...this.#suspects.values(), ...known, ...seeds]).slice(0, MAX_ASKED);
  }

  async #ask(asked: Address): Promise<NodeAnswer> {
    const { links } = this.#options;
    const [nodesReply, replicationReply] = await links.ask(asked, ANSWER_MS, [
      ["CLUSTER", "NODES"],
      ["INFO", "replication"],
    ]);
    const nodesText = textOf(nodesReply);
    // A node that forbids the question is believed to have its replicas; `WAIT` shows it.
    const replication = isForbidden(replicationReply)
      ? ALL_ONLINE
      : parseReplicationInfo(textOf(replicationReply));
    const nodes = await this.#withClientHosts(parseClusterNodes(nodesText, asked), asked);
    return { asked, nodes, replication };
  }

  /** Replaces hosts by those that the nodes have for clients, such as a name that certificates have. */
  async #withClientHosts(nodes: ClusterNode[], asked: Address): Promise<ClusterNode[]> {
    const key = ({ id, announced }: ClusterNode) => `${id} ${announced}`;
    if (nodes.some((node) => !this.#clientHosts.has(key(node)))) {
      const [slots] = await this.#options.links.ask(asked, ANSWER_MS, [["CLUSTER", "SLOTS"]]);
      const reply = slots?.status === "fulfilled" ? slots.value : null;
      const addresses = parseClientAddresses(reply, asked);
      for (const node of nodes) {
        const { hostname } = addresses.get(node.id) ?? {};
        if (hostname !== undefined) this.#clientHosts.set(key(node), hostname);
      }
      // Nodes come and go: this forgets those that have gone.
      if (this.#clientHosts.size > MAX_CLIENT_HOSTS) this.#clientHosts.clear();
    }
    return nodes.map((node) => {
      const { hostname, port } = node.address;
      return { ...node, address: { hostname: this.#clientHosts.get(key(node)) ?? hostname, port } };
    });
  }

  #use(answers: readonly NodeAnswer[], asked: readonly Address[]): void {
    if (this.#stop.signal.aborted || answers.length === 0) return;
    const state = this.#view.merge(answers, asked.length);
    if (state === undefined) return;
    this.#state = state;
    const replication = new Map<string, ReplicationInfo>();
    for (const answer of answers) {
      // The node's own address as the cluster knows it: it was perhaps asked by another one.
      const { address = answer.asked } = answer.nodes.find(({ isMyself }) => isMyself) ?? {};
      replication.set(addressText(address), answer.replication);
    }
    this.#options.links.keep([...asked, ...this.#nodesToAsk()]);
    this.#options.onResult({ state, replication });
  }
}

/** The text of an answer. @throws {Error} if the node has refused the question */
function textOf(answer: PromiseSettledResult<ReplyValue> | undefined): string {
  if (answer?.status === "rejected") throw answer.reason;
  return typeof answer?.value === "string" ? answer.value : "";
}

/** Whether the node refuses the question to this user, or knows no such command. */
function isForbidden(answer: PromiseSettledResult<ReplyValue> | undefined): boolean {
  if (answer?.status !== "rejected" || !(answer.reason instanceof NodeError)) return false;
  const { code, message } = answer.reason;
  return code === "NOPERM" || code === "ERR" && /^ERR unknown (sub)?command/i.test(message);
}
