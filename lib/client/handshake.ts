/** The first exchange with a server: sends the token if that is safe, and reads its identity. */
import { type Address, addressText, isLoopback } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { encodeRequest } from "../protocol/encode_request.ts";
import type { ConnectTcp } from "./client_socket.ts";
import { Connection } from "./connection.ts";
import type { Trust } from "./dial.ts";
import { AuthError, ConnectionLostError, HtError, ServerNotFoundError } from "./errors.ts";
import { type ServerIdentity, serverIdentity } from "./server_identity.ts";

/** Time for a server to accept and to reply to `hello`, in milliseconds. */
const HANDSHAKE_MS = 2_000;

/** The token and name of a client, the requirements on the server, and the sockets. */
export interface Credentials {
  /** The name that the server must have; undefined: any, because the user gave its address. */
  readonly project: string | undefined;
  readonly token: string | undefined;
  /** Whether the token may go without TLS to a server that was found by its name. */
  readonly tokenInClear: boolean;
  /** The requirements on TLS; undefined: plain TCP. */
  readonly trust: Trust | undefined;
  /** Opens connections; undefined: by the sockets of this runtime. */
  readonly connectTcp?: ConnectTcp | undefined;
  /** Name of the client program. */
  readonly agent?: string | undefined;
}

/** A live server, and a connection to it. */
export interface ConnectedServer extends ServerIdentity {
  readonly connection: Connection;
}

/** The server that a search found. */
export interface FoundServer extends ConnectedServer {
  /** Addresses of the known servers of its table: more than its own only if the table is shared. */
  readonly servers: readonly Address[];
}

/**
 * Connects to an address and exchanges `hello`.
 *
 * @param signal ends the attempt
 * @throws {ServerNotFoundError} if nothing answers there, or the peer is another kind of server
 * @throws {ReplyError} if the server rejects the client
 * @throws {TlsError} if the server's certificate is not trusted, or only one side uses TLS
 */
export async function connectServer(
  address: Address,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<ConnectedServer> {
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(), HANDSHAKE_MS);
  const attempt = AbortSignal.any([signal, timeUp.signal]);
  try {
    return await connectUntil(address, credentials, attempt);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether the token may be sent: over verified TLS, within this machine, to an address that the user
 * gave, or if the user allows it. Any server can take a name in a catalog, and other machines may read
 * the network.
 *
 * @param peer IP address of the other end of the connection
 */
export function maySendToken(
  { project, tokenInClear, trust }: Omit<Credentials, "token">,
  peer: string,
): boolean {
  return project === undefined || trust !== undefined || tokenInClear || isLoopback(peer);
}

async function connectUntil(
  address: Address,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<ConnectedServer> {
  const { project, token, trust, connectTcp, agent } = credentials;
  const connection = await Connection.connect(address, signal, trust, connectTcp);
  const isSent = token !== undefined && maySendToken(credentials, connection.peer);
  const close = () => void connection.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    const sentToken = isSent ? token : undefined;
    const hello = { method: "hello", project, token: sentToken, agent } as const;
    const { result } = await connection.ask(encodeRequest(hello));
    return { connection, ...serverIdentity(JSON.parse(result), address) };
  } catch (error) {
    await connection.close();
    if (error instanceof AuthError && !isSent) {
      const message = token === undefined
        ? `${error.message}; use --token-file with a file that has it`
        : `The server '${project}' at ${
          addressText(address)
        } requires a token, which is not sent over a network without TLS to a server that was found by its name; use --ca FILE if it has TLS, HOST:PORT if you know its address, or --token-in-clear`;
      throw new AuthError({ type: "AuthError", message });
    }
    if (error instanceof HtError && !(error instanceof ConnectionLostError)) throw error;
    const why = signal.aborted ? "it accepts, but does not answer" : messageOf(error);
    throw new ServerNotFoundError(`Cannot use ${addressText(address)}: ${why}`);
  } finally {
    signal.removeEventListener("abort", close);
  }
}
