/**
 * The dialer of the client: connects by TCP, and with TLS if the user names the certificates to trust.
 * It converts the errors of both runtimes to the library's errors.
 */
import { X509Certificate } from "node:crypto";
import { type Address, addressText, isPrivateAddress } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import { type ClientSocket, type ConnectTcp, type TcpSocket, TlsFailure } from "./client_socket.ts";
import { connectByDeno } from "./deno_socket.ts";
import { ServerNotFoundError, TlsError } from "./errors.ts";
import { connectByNode } from "./node_socket.ts";

/** The sockets of the current runtime. */
const connectByRuntime: ConnectTcp = "Deno" in globalThis ? connectByDeno : connectByNode;

/** The requirements of a client on TLS. With them, it never falls back to plain TCP. */
export interface Trust {
  /** PEM text of authorities' certificates, or of the server's own; Deno also trusts public ones. */
  readonly ca: string;
  /**
   * The name that the certificate must have: the target of the user. An address that a catalog lists
   * proves nothing: an attacker can have a certificate for an address of their own. The exception: if
   * `own` is for a private address, that address is enough.
   */
  readonly name: string;
  /** The certificate in `ca`, if it is the server's own and not an authority's. */
  readonly own: X509Certificate | undefined;
}

/** The beginning of a part of a PEM text. */
const PEM_PART = /-----BEGIN /g;

/**
 * Checks the certificates to trust.
 *
 * @param ca PEM text
 * @param name see `Trust`
 * @throws {TypeError} if `ca` has no certificate: only public authorities would be left
 */
export function trustIn(ca: string, name: string): Trust {
  let first: X509Certificate;
  try {
    first = new X509Certificate(ca);
  } catch {
    throw new TypeError("Cannot use TLS: `ca` must be PEM text with a certificate in it");
  }
  const isAlone = ca.match(PEM_PART)?.length === 1;
  return { ca, name, own: isAlone && !first.ca ? first : undefined };
}

/**
 * Connects, and with TLS also performs the handshake, so that nothing is sent to a wrong server.
 *
 * @param trust undefined: plain TCP
 * @param signal ends the attempt
 * @param connectTcp opens the connection (default: by the sockets of this runtime)
 * @throws {ServerNotFoundError} if nothing answers there
 * @throws {TlsError} if the server's certificate is not trusted, or the server does not speak TLS
 */
export async function dial(
  address: Address,
  trust: Trust | undefined,
  signal: AbortSignal,
  connectTcp: ConnectTcp = connectByRuntime,
): Promise<ClientSocket> {
  const dialWith = (trust: Trust | undefined) => dialAs(trust, address, signal, connectTcp);
  try {
    return await dialWith(trust);
  } catch (error) {
    const { hostname } = address;
    if (trust === undefined || !(error instanceof WrongNameError)) throw error;
    if (hostname === trust.name || !provesAddress(trust, hostname)) throw error;
    return await dialWith({ ...trust, name: hostname }).catch((second) => {
      throw second instanceof WrongNameError ? error : second;
    });
  }
}

/**
 * Whether an address accepts connections. The system accepts them for a server that is slow or
 * stopped, but not if the address has moved to another machine.
 *
 * @param signal ends the attempt; the result is then false
 */
export async function acceptsConnections(address: Address, signal: AbortSignal): Promise<boolean> {
  try {
    (await connectByRuntime(address, signal)).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a certificate for an address proves the server as well as one for its name. No public
 * authority signs a certificate for a private address, and the user trusts the server's own one. But
 * an authority of the user may have signed a certificate for another machine with that address.
 */
function provesAddress({ own }: Trust, hostname: string): boolean {
  return isPrivateAddress(hostname) && own?.checkIP(hostname) !== undefined;
}

/** The error of a certificate for another name, or of a name that no certificate can have. */
class WrongNameError extends TlsError {}

async function dialAs(
  trust: Trust | undefined,
  address: Address,
  signal: AbortSignal,
  connectTcp: ConnectTcp,
): Promise<ClientSocket> {
  const at = addressText(address);
  let socket: TcpSocket;
  try {
    socket = await connectTcp(address, signal);
  } catch (error) {
    const why = signal.aborted ? "no answer in time" : messageOf(error);
    throw new ServerNotFoundError(`Cannot connect to ${at}: ${why}`);
  }
  if (trust === undefined) return socket;
  try {
    return await socket.startTls(trust.ca, trust.name, signal);
  } catch (error) {
    if (signal.aborted) {
      throw new ServerNotFoundError(
        `Cannot connect to ${at} with TLS: it accepts, but does not complete the handshake; is it a server with TLS?`,
      );
    }
    throw dialError(error, at, trust.name);
  }
}

/** Makes the library's error for a failed handshake. */
function dialError(error: unknown, at: string, name: string): TlsError | ServerNotFoundError {
  const prefix = `Cannot connect to ${at} with TLS`;
  const why = messageOf(error);
  if (!(error instanceof TlsFailure)) return new ServerNotFoundError(`${prefix}: ${why}`);
  switch (error.kind) {
    case "invalid name":
      return new WrongNameError(
        `${prefix}: no certificate can be for ${
          quoted(name)
        }, which is not a DNS name; use HOST:PORT`,
      );
    case "wrong name":
      return new WrongNameError(
        `${prefix}: its certificate must be for ${quoted(name)}, and is not (${why})`,
      );
    case "unknown issuer":
      return new TlsError(`${prefix}: --ca does not trust the issuer of its certificate`);
    case "authority as server":
      return new TlsError(
        `${prefix}: its certificate is one of an authority (CA:TRUE); it must be made with basicConstraints CA:FALSE`,
      );
    case "no TLS":
      return new TlsError(`${prefix}: it does not speak TLS, and --ca is for servers that do`);
    case "other":
      return new TlsError(`${prefix}: ${why}`);
  }
}
