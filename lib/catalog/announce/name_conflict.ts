/**
 * Whether another live server has a name: catalogs list it, and it answers `hello`. No token is sent:
 * names are not authenticated. A server that needs one does not answer with its name, so that it is
 * only likely to be another one.
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
export interface NameConflict {
  readonly address: Address;
  readonly instance: string;
  readonly owner: string;
  /** Whether it answered with the name; otherwise a catalog lists it so, and it needs a token. */
  readonly isCertain: boolean;
}

/** The server that looks for others. */
export interface OwnServer {
  readonly project: string;
  readonly instance: string;
  /** Its ports: what needs a token there may be this server, listed by an earlier start. */
  readonly ports: readonly (number | undefined)[];
}

/**
 * Asks all servers of some records, at once.
 *
 * @param records of the name, live or not
 * @param signal gives up
 * @returns the first one that answers `hello` with this name and another `instance`; if none does, one
 *   that needs a token
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
  const giveUp = AbortSignal.any([signal, over.signal]);
  void sleep(OTHER_SERVER_REPLY_MS, giveUp).then(() => over.abort());
  let likely: NameConflict | undefined;
  try {
    return await Promise.any([...targets.values()].map(async ({ address, record }) => {
      const reply = await sendHello(address, record.tls === true, self.project, giveUp);
      const other = parseReply(reply, address, record, self);
      if (other.isCertain) return other;
      likely ??= other;
      throw new Error("another one may answer with the name");
    }));
  } catch {
    return likely; // none answered with the name
  } finally {
    over.abort();
  }
}

/** What a reply to `hello` proves; throws if it is not another server of the name. */
function parseReply(
  reply: Readonly<Record<string, unknown>>,
  address: Address,
  record: ServerRecord,
  self: OwnServer,
): NameConflict {
  const info = isObject(reply["result"]) ? reply["result"] : {};
  const { project, instance, owner } = info;
  if (project === self.project && typeof instance === "string" && instance !== self.instance) {
    return { address, instance, owner: typeof owner === "string" ? owner : "", isCertain: true };
  }
  if (reply["type"] === "AuthError" && record.requiresToken && !self.ports.includes(address.port)) {
    return { address, instance: addressText(address), owner: record.owner, isCertain: false };
  }
  throw new Error("it is this server, or has another name");
}

/** The reply to `hello`; rejects if there is none. */
function sendHello(
  { hostname: host, port }: Address,
  hasTls: boolean,
  project: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  // What the other end proves does not matter: nothing secret is sent, and no answer is trusted.
  const socket: Socket = hasTls
    ? connectTls({ host, port, rejectUnauthorized: false })
    : connectPlain({ host, port });
  const calledOff = () => socket.destroy();
  signal.addEventListener("abort", calledOff, { once: true });
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
    signal.removeEventListener("abort", calledOff);
    try {
      const reply: unknown = JSON.parse(text);
      if (isObject(reply)) return resolve(reply);
    } catch {
      // Not a whole reply.
    }
    reject(new Error("no reply to hello"));
  });
  return promise;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
