/** The first exchange with a server: shows the token if that is safe, and reads its identity. */
import { type Address, addressText, isLoopback } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { encodeRequest } from "../protocol/encode_request.ts";
import type { Trust } from "./dial.ts";
import { AuthError, ConnectionLostError, HtError, ServerNotFoundError } from "./errors.ts";
import { Connection } from "./connection.ts";
import { type ServerIdentity, serverIdentity } from "./server_identity.ts";

/** Time for a server to accept and to answer `hello`, in milliseconds. */
const HANDSHAKE_MS = 2_000;

/** What a client shows to a server, and what it wants to see. */
export interface Credentials {
  /** The name that the server must have; undefined: any, since its address was given. */
  readonly project: string | undefined;
  readonly token: string | undefined;
  /** Whether the token may go over a network without TLS to a server that was found by its name. */
  readonly tokenInClear: boolean;
  /** See `Link.connect`. */
  readonly trust: Trust | undefined;
}

/** A connection to a live server. */
export interface Found extends ServerIdentity {
  readonly link: Connection;
}

/**
 * Connects to an address and says hello.
 *
 * @throws {ServerNotFoundError} if nothing answers there, or something else than a server
 * @throws {ReplyError} if the server refuses
 * @throws {TlsError} if it and this client do not agree on TLS
 */
export async function shakeHands(
  address: Address,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<Found> {
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(), HANDSHAKE_MS);
  const attempt = AbortSignal.any([signal, timeUp.signal]);
  try {
    return await shakeHandsUntil(address, credentials, attempt);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether a token may be shown: over verified TLS, within this machine, to an address that the user
 * typed, or if the user allows it. A name in a catalog is anyone's to take, and a network is read.
 *
 * @param peer the address that the connection really goes to
 */
export function mayShowToken(
  { project, tokenInClear, trust }: Omit<Credentials, "token">,
  peer: string,
): boolean {
  return project === undefined || trust !== undefined || tokenInClear || isLoopback(peer);
}

async function shakeHandsUntil(
  address: Address,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<Found> {
  const { project, token, trust } = credentials;
  const link = await Connection.connect(address, signal, trust);
  const isShown = token !== undefined && mayShowToken(credentials, link.peer);
  const giveUp = () => void link.close();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    signal.throwIfAborted();
    const hello = { method: "hello", project, token: isShown ? token : undefined } as const;
    const { result } = await link.ask(encodeRequest(hello));
    return { link, ...serverIdentity(JSON.parse(result), address) };
  } catch (error) {
    await link.close();
    if (error instanceof AuthError && !isShown) {
      const message = token === undefined
        ? `${error.message}; use --token-file with a file that has it`
        : `The server '${project}' at ${
          addressText(address)
        } wants a token, which is not sent over a network without TLS to a server that was found by its name; use --ca FILE if it has TLS, HOST:PORT if you know its address, or --token-in-clear`;
      throw new AuthError({ type: "AuthError", message });
    }
    if (error instanceof HtError && !(error instanceof ConnectionLostError)) throw error;
    const why = signal.aborted ? "it accepts, but does not answer" : messageOf(error);
    throw new ServerNotFoundError(`Cannot use ${addressText(address)}: ${why}`);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
