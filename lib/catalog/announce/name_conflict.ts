/**
 * The check for a name conflict: another live server has the name if a catalog lists it and it answers
 * `hello`. The request has no token, because a false record must not get the token. A server that
 * needs a token does not reply with its name, so a conflict with it is only likely.
 *
 * A server that shares the table of this one is no conflict: it says so in its reply, and with a token
 * only in its record, which any program can send. A false record can so prevent a warning, and no more:
 * a likely conflict never ends a server, and clients read the table in the reply to their token.
 */
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Address, addressText } from "../../base/address.ts";
import { sleep } from "../../base/clock.ts";
import {
  MAX_HELLO_REPLY_CHARS,
  MAX_OTHER_SERVERS,
  OTHER_SERVER_REPLY_MS,
} from "../../base/limits.ts";
import type { ServerRecord } from "../record/server_record.ts";
import { candidateAddresses } from "../resolve/candidates.ts";

/** Another live server of the name. */
interface NameConflict {
  readonly address: Address;
  readonly instance: string;
  readonly owner: string;
  /** Whether the server replied with the name. If not, it needs a token, and only a catalog names it. */
  readonly isCertain: boolean;
}

/** The server that checks for others. */
interface OwnServer {
  readonly project: string;
  readonly instance: string;
  /** Its ports. A server with a token at one of them may be this server, in an older record. */
  readonly ports: readonly (number | undefined)[];
  /** Identity of its table, if other servers may share it; undefined: they may not. */
  readonly sharedTable: string | undefined;
}

/**
 * Sends `hello` to the servers of some records, all at once.
 *
 * @param records records of the name, live or not
 * @param signal cancels the check
 * @returns the first server that replies with this name, another `instance` and another table; if no
 *   server does, one that needs a token
 */
export async function findNameConflict(
  records: readonly ServerRecord[],
  self: OwnServer,
  signal: AbortSignal,
): Promise<NameConflict | undefined> {
  const targets = new Map<string, { readonly address: Address; readonly record: ServerRecord }>();
  for (const record of records) {
    for (const address of candidateAddresses(record)) {
      if (targets.size >= MAX_OTHER_SERVERS) break;
      targets.set(`${addressText(address)} ${record.tls === true}`, { address, record });
    }
  }
  if (targets.size === 0 || signal.aborted) return undefined;
  const over = new AbortController();
  const canceled = AbortSignal.any([signal, over.signal]);
  void sleep(OTHER_SERVER_REPLY_MS, canceled).then(() => over.abort());
  let likely: NameConflict | undefined;
  try {
    return await Promise.any([...targets.values()].map(async ({ address, record }) => {
      const reply = await sendHello(address, record.tls === true, self.project, canceled);
      const other = parseReply(reply, address, record, self);
      if (other.isCertain) return other;
      likely ??= other;
      throw new Error("another server may reply with the name");
    }));
  } catch {
    return likely; // no server replied with the name
  } finally {
    over.abort();
  }
}

/** Reads the conflict from a reply to `hello`; throws if it is not another server of the name. */
function parseReply(
  reply: Readonly<Record<string, unknown>>,
  address: Address,
  record: ServerRecord,
  self: OwnServer,
): NameConflict {
  const info = isObject(reply["result"]) ? reply["result"] : {};
  const { project, instance, owner, table, features } = info;
  const isShared = Array.isArray(features) && features.includes("shared");
  if (self.sharedTable !== undefined && isShared && table === self.sharedTable) {
    throw new Error("it serves the same shared table");
  }
  if (project === self.project && typeof instance === "string" && instance !== self.instance) {
    return { address, instance, owner: typeof owner === "string" ? owner : "", isCertain: true };
  }
  const mayShare = self.sharedTable !== undefined && record.sharedTable === self.sharedTable;
  const needsToken = reply["type"] === "AuthError" && record.requiresToken;
  if (needsToken && !mayShare && !self.ports.includes(address.port)) {
    return { address, instance: addressText(address), owner: record.owner, isCertain: false };
  }
  throw new Error("it is this server, has another name, or may serve the same shared table");
}

/** Sends `hello` and reads the reply; rejects without a reply. */
function sendHello(
  { hostname: host, port }: Address,
  hasTls: boolean,
  project: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  // The certificate does not matter: the request has no secret, and the reply is not trusted.
  const socket: Socket = hasTls
    ? connectTls({ host, port, rejectUnauthorized: false })
    : connectPlain({ host, port });
  const cancel = () => socket.destroy();
  signal.addEventListener("abort", cancel, { once: true });
  let text = "";
  socket.setEncoding("utf8");
  socket.on(hasTls ? "secureConnect" : "connect", () => {
    socket.write(`${JSON.stringify({ method: "hello", project })}\n`);
  });
  socket.on("data", (part: string) => {
    text += part;
    if (text.includes("\n") || text.length > MAX_HELLO_REPLY_CHARS) socket.destroy();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    signal.removeEventListener("abort", cancel);
    try {
      const reply: unknown = JSON.parse(text);
      if (isObject(reply)) return resolve(reply);
    } catch {
      // Not a complete reply.
    }
    reject(new Error("no reply to hello"));
  });
  return promise;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
