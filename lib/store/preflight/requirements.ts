/** What a store must be, so that it keeps each acknowledged change. One sentence for each violation. */
import { addressText } from "../../base/address.ts";
import { ExitError } from "../../base/errors.ts";
import { quoted } from "../../base/quote.ts";
import { NodeConnectError } from "../store_socket.ts";
import type { NodeReport } from "./node_report.ts";

/** Oldest version of Redis, or the one that Valkey is compatible with: `EVALSHA_RO` is of Redis 7. */
const MIN_MAJOR = 7;

const PASSWORD_SOURCES = "--store-password-file or HTSERVER_STORE_PASSWORD";

/** The error that ends a start. @param why a sentence without its end */
export function refusal(why: string): ExitError {
  return new ExitError(`Cannot use the store: ${why}`);
}

/** The error for a node that gave no report. @param hasPassword whether there is a password for it */
export function connectRefusal(error: NodeConnectError, hasPassword: boolean): ExitError {
  const { kind, message } = error;
  switch (kind) {
    case "unreachable":
      return refusal(`${message}: check the URL of --store, and that the store runs`);
    case "credentials":
      return refusal(
        hasPassword
          ? `${message}: check the user in the URL, and ${PASSWORD_SOURCES}`
          : `${message}: set it with ${PASSWORD_SOURCES}`,
      );
    case "permission":
      return refusal(`${message}: the user of --store needs this command`);
    case "tls":
      return refusal(`${message}${tlsRepair(message)}`);
    case "not a node":
      return refusal(`${message}: it must be Redis ${MIN_MAJOR} or later, or Valkey`);
    case "refused":
      return refusal(message);
  }
}

function tlsRepair(message: string): string {
  if (message.endsWith("requires TLS")) return ": use rediss:// or rediss-cluster://";
  if (message.endsWith("does not use TLS")) return ": use redis:// or redis-cluster://";
  return "";
}

/** Requires of any node what does not depend on its role. @throws {ExitError} */
export function requireUsable(node: NodeReport): void {
  const at = addressText(node.address);
  if (!(parseInt(node.redisVersion) >= MIN_MAJOR)) {
    throw refusal(
      `${at} is ${
        quoted(node.product)
      }, and a table needs Redis ${MIN_MAJOR} or later, or Valkey: update it`,
    );
  }
  if (node.evictionPolicy !== undefined && node.evictionPolicy !== "noeviction") {
    throw refusal(
      `${at} has maxmemory-policy ${node.evictionPolicy}, which removes keys of the table when memory is short: set it to noeviction`,
    );
  }
}

/** Requires that a node is not a part of a cluster, and durable alone. @throws {ExitError} */
export function requireSingle(node: NodeReport): void {
  const at = addressText(node.address);
  if (node.isCluster) {
    throw refusal(`${at} is a node of a cluster: use redis-cluster://${at} (rediss for TLS)`);
  }
  requireUsable(node);
  if (node.isReplica) {
    throw refusal(
      `${at} is a replica, which takes no changes: use its master, which it knows as ${
        quoted(node.master)
      }`,
    );
  }
  requireLoaded(node);
  if (node.hasFile === false) {
    throw refusal(
      `${at} has appendonly no, so it loses changes when it ends: set appendonly yes and appendfsync always`,
    );
  }
  if (node.appendfsync !== undefined && node.appendfsync !== "always") {
    throw refusal(
      `${at} has appendfsync ${node.appendfsync}, so a power failure costs acknowledged changes: set it to always`,
    );
  }
}

/** Requires that a node has read its files. @throws {ExitError} */
export function requireLoaded(node: NodeReport): void {
  if (!node.isLoading) return;
  throw refusal(`${addressText(node.address)} still loads its data: start again when it is done`);
}
