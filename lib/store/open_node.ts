/** Opens a connection to a node, authenticates it and loads the scripts, in one round trip. */
import { type Address, addressText } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import { NodeConnection } from "./node_connection.ts";
import { NodeError, type ReplyValue } from "./node_link.ts";
import { type NodeAccess, NodeConnectError, openNodeSocket } from "./store_socket.ts";
import type { Script } from "./scripts.ts";

/** Default time for an attempt, in milliseconds. */
const OPEN_MS = 2_000;

/** The name of a connection in the node's `CLIENT LIST`. */
const CLIENT_NAME = "htserver";

/** Options of an attempt. */
export interface OpenOptions {
  /** Scripts to load, by which `EVALSHA` finds them (default: none). */
  readonly scripts?: readonly Script[];
  /** Time for the whole attempt, in milliseconds (default: 2,000). */
  readonly timeoutMs?: number;
  /** Ends the attempt (default: none). */
  readonly signal?: AbortSignal;
}

/**
 * Opens a connection.
 *
 * @throws {NodeConnectError} if that is not possible
 */
export async function openNode(
  address: Address,
  access: NodeAccess,
  { scripts = [], timeoutMs = OPEN_MS, signal }: OpenOptions = {},
): Promise<NodeConnection> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted) end();
  try {
    const socket = await openNodeSocket(address, access.tls, ending.signal);
    const link = new NodeConnection(address, socket);
    const closeLink = () => link.close();
    ending.signal.addEventListener("abort", closeLink, { once: true });
    try {
      await handshake(link, access, scripts);
      return link;
    } catch (error) {
      link.close();
      if (!ending.signal.aborted) throw connectError(error, address, access);
      throw new NodeConnectError("unreachable", `${addressText(address)} does not answer`);
    } finally {
      ending.signal.removeEventListener("abort", closeLink);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

async function handshake(
  link: NodeConnection,
  { user, password }: NodeAccess,
  scripts: readonly Script[],
): Promise<void> {
  const words = ["HELLO", "2"];
  // A user may need no password; the node takes any then.
  const isLogin = user !== undefined || password !== undefined;
  if (isLogin) words.push("AUTH", user ?? "default", password ?? "");
  const asked = [link.addQuestion([...words, "SETNAME", CLIENT_NAME])];
  for (const { text } of scripts) asked.push(link.addQuestion(["SCRIPT", "LOAD", text]));
  link.flush();
  const [hello, ...loaded] = await Promise.all(asked);
  const strange = loaded.findIndex((sha, at) => sha !== scripts[at]?.sha);
  if (strange >= 0) throw new Error("it loaded a script and returned another digest");
  const id = memberOf(hello, "id");
  if (typeof id !== "number") throw new Error("its reply to HELLO has no id");
  link.clientId = id;
}

/** A member of a map, which RESP2 sends as an array of names and values. */
function memberOf(reply: ReplyValue | undefined, name: string): ReplyValue | undefined {
  if (!Array.isArray(reply)) return undefined;
  const at = reply.findIndex((one, index) => index % 2 === 0 && one === name);
  return at < 0 ? undefined : reply[at + 1];
}

/** The error of a failed handshake. A node may quote the command in it, and so the password. */
function connectError(error: unknown, address: Address, access: NodeAccess): NodeConnectError {
  const at = addressText(address);
  if (!(error instanceof NodeError)) {
    const why = messageOf(error);
    if (why.endsWith("it requires TLS")) return new NodeConnectError("tls", `${at} requires TLS`);
    const hint = access.tls === undefined ? " (does it require TLS?)" : "";
    return new NodeConnectError(
      "not a node",
      `${at} did not answer as Redis or Valkey${hint}: ${why}`,
    );
  }
  const { code } = error;
  const login = access.user === undefined ? "the password" : `user ${quoted(access.user)}`;
  switch (code) {
    case "WRONGPASS":
      return new NodeConnectError("credentials", `${at} rejects ${login}`, code);
    case "NOAUTH":
      return new NodeConnectError("credentials", `${at} requires a password`, code);
    case "NOPERM":
      return new NodeConnectError("permission", `${at} does not permit it: ${error.message}`, code);
  }
  if (/unknown command/i.test(error.message)) {
    return new NodeConnectError("not a node", `${at} does not know HELLO or SCRIPT LOAD`, code);
  }
  const isQuoting = access.password !== undefined && error.message.includes(access.password);
  const why = isQuoting ? code : error.message;
  return new NodeConnectError("refused", `${at} refuses connections: ${quoted(why)}`, code);
}
