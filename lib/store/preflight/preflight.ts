/**
 * The check of a store before a server uses it. A store that could lose acknowledged changes is refused; what
 * cannot be checked, or only costs durability against a loss of power, is logged as a warning.
 */
import { type Address, addressText } from "../../base/address.ts";
import type { Log } from "../../base/log.ts";
import type { StoreConfig, StoreSecrets } from "../../config/store_config.ts";
import { type NodeAccess, NodeConnectError } from "../store_socket.ts";
import { requireCluster } from "./cluster_requirements.ts";
import { type NodeReport, nodeReport } from "./node_report.ts";
import {
  connectRefusal,
  refusal,
  requireLoaded,
  requireSingle,
  requireUsable,
} from "./requirements.ts";

/** Time for one node, in milliseconds. All nodes are asked at once, and those of a cluster after its seeds. */
const NODE_MS = 5_000;

/** A store that can be used. */
export interface StoreFacts {
  /** Name and version, such as `Redis 7.0.15`; the distinct ones if nodes differ. */
  readonly product: string;
  /** The nodes that have the table now; of a cluster the masters. */
  readonly masters: readonly Address[];
  readonly replicas: readonly Address[];
}

/** How to connect to the nodes of a store. */
export function nodeAccess(config: StoreConfig, secrets: StoreSecrets): NodeAccess {
  return {
    user: config.user,
    password: secrets.password,
    tls: config.isTls ? { ca: secrets.ca } : undefined,
  };
}

/**
 * Checks a store.
 *
 * @param log receives warnings
 * @throws {ExitError} why it cannot be used, and what to do
 */
export async function preflight(
  config: StoreConfig,
  secrets: StoreSecrets,
  log: Log,
): Promise<StoreFacts> {
  const check = new Preflight(config, nodeAccess(config, secrets), log);
  const seeds = await check.seeds();
  const reports = config.kind === "single" ? seeds : await check.members(seeds);
  check.warn(reports);
  const addressesOf = (isReplica: boolean) =>
    reports.filter((report) => report.isReplica === isReplica).map(({ address }) => address);
  return {
    product: [...new Set(reports.map(({ product }) => product))].join(", "),
    masters: addressesOf(false),
    replicas: addressesOf(true),
  };
}

class Preflight {
  readonly #config: StoreConfig;
  readonly #access: NodeAccess;
  readonly #log: Log;

  constructor(config: StoreConfig, access: NodeAccess, log: Log) {
    this.#config = config;
    this.#access = access;
    this.#log = log;
  }

  /** Asks the nodes of the URL. Some of them may be down, but not all. */
  async seeds(): Promise<NodeReport[]> {
    const { reports, failures } = await this.#ask(this.#config.addresses);
    const serious = failures.find(({ kind }) => kind !== "unreachable");
    if (serious !== undefined) throw this.#refusalOf(serious);
    const [first] = failures;
    if (first !== undefined && reports.length === 0) {
      if (failures.length === 1) throw this.#refusalOf(first);
      throw refusal(
        `none of its ${failures.length} nodes in the URL answers (${
          failures.map(({ message }) => message).join("; ")
        }): check the URL of --store, and that the store runs`,
      );
    }
    for (const { message } of failures) {
      this.#log.warn("a node in the URL of --store does not answer", { why: message });
    }
    if (this.#config.kind === "single") reports.forEach(requireSingle);
    return reports;
  }

  /** Asks all nodes of a cluster that a table uses. */
  async members(seeds: readonly NodeReport[]): Promise<NodeReport[]> {
    const { masters, replicas } = requireCluster(seeds, this.#config.needsReplicas);
    const members = [...masters, ...replicas];
    const { reports, failures } = await this.#ask(members.map(({ address }) => address));
    const isMaster = new Set(masters.map(({ address }) => addressText(address)));
    for (const failure of failures) {
      // A replica becomes important when it is a master.
      if (failure.kind !== "unreachable" || isMaster.has(failure.at)) {
        throw this.#refusalOf(failure);
      }
      this.#log.warn("a replica of the store does not answer", { why: failure.message });
    }
    reports.forEach(requireUsable);
    reports.filter(({ isReplica }) => !isReplica).forEach(requireLoaded);
    return reports;
  }

  /** Logs what costs no acknowledged change while the store runs, and what cannot be checked. */
  warn(reports: readonly NodeReport[]): void {
    const warnFor = (message: string, isConcerned: (report: NodeReport) => boolean) => {
      const concerned = reports.filter(isConcerned).map(({ address }) => addressText(address));
      if (concerned.length > 0) this.#log.warn(message, { nodes: concerned.join(" ") });
    };
    warnFor(
      "CONFIG is forbidden, so it is not known whether the store has appendfsync always: without it, a power failure may cost acknowledged changes",
      ({ hasFile, appendfsync }) => hasFile !== false && appendfsync === undefined,
    );
    warnFor(
      "set appendonly yes on all nodes: with appendonly no, a master that starts again before its replica replaces it has lost the table, and its replicas copy that",
      ({ hasFile }) => hasFile === false,
    );
    warnFor(
      "set appendfsync always on all nodes: without it, a power failure of a master and its replicas at once costs acknowledged changes",
      ({ hasFile, appendfsync }) =>
        hasFile !== false && appendfsync !== undefined && appendfsync !== "always",
    );
    warnFor(
      "the store does not report its maxmemory-policy: it must be noeviction",
      ({ evictionPolicy }) => evictionPolicy === undefined,
    );
    if (!this.#config.needsReplicas) return;
    warnFor(
      "no replica is connected to a master now: its changes wait for one",
      ({ isReplica, connectedReplicas }) => !isReplica && connectedReplicas === 0,
    );
  }

  #refusalOf(failure: NodeConnectError): Error {
    return connectRefusal(failure, this.#access.password !== undefined);
  }

  /** Asks several nodes at once. */
  async #ask(
    addresses: readonly Address[],
  ): Promise<{ reports: NodeReport[]; failures: AskFailure[] }> {
    const reports: NodeReport[] = [], failures: AskFailure[] = [];
    await Promise.all(addresses.map(async (address) => {
      try {
        reports.push(await nodeReport(address, this.#access, NODE_MS));
      } catch (error) {
        if (!(error instanceof NodeConnectError)) throw error;
        failures.push(Object.assign(error, { at: addressText(address) }));
      }
    }));
    return { reports, failures };
  }
}

/** A failure, and the address that it is about. */
type AskFailure = NodeConnectError & { readonly at: string };
