/** Makes a connection to a server: by TCP, and by TLS where the user says whom to trust. */
import { X509Certificate } from "node:crypto";
import { type Address, addressText, isPrivateAddress } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { quoted } from "../base/quote.ts";
import { ServerNotFoundError, TlsError } from "./errors.ts";

/** With whom to speak TLS. There is no way back to plain TCP, whatever the catalog or the peer says. */
export interface Trust {
  /** PEM of authorities, or of the server's own certificate; the runtime trusts public ones besides. */
  readonly ca: string;
  /**
   * What the certificate must be for: what the user asked for. Not where a catalog says that the
   * server is: that proves nothing, since anyone can have a certificate for an address of their own.
   * But where `own` is for a private address, that will do, too.
   */
  readonly name: string;
  /** What `ca` is, where that is the server's own certificate and no authority's. */
  readonly own: X509Certificate | undefined;
}

/** How a part of a PEM text begins. */
const PEM_PART = /-----BEGIN /g;

/**
 * Whom to trust, checked.
 *
 * @param ca PEM text
 * @param name see `Trust`
 * @throws {TypeError} where there is no certificate in it: only public authorities would be left
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
 * Connects, and with TLS also shakes hands: nothing is sent to a server that is not the right one.
 *
 * @param trust undefined: plain TCP
 * @param signal gives up
 * @throws {ServerNotFoundError} where nobody answers there
 * @throws {TlsError} where the peer is not whom to trust, or does not speak TLS
 */
export async function dial(
  address: Address,
  trust: Trust | undefined,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  try {
    return await dialAs(trust, address, signal);
  } catch (error) {
    const { hostname } = address;
    if (trust === undefined || !(error instanceof WrongNameError)) throw error;
    if (hostname === trust.name || !meansAddress(trust, hostname)) throw error;
    return await dialAs({ ...trust, name: hostname }, address, signal).catch((second) => {
      throw second instanceof WrongNameError ? error : second;
    });
  }
}

/**
 * Whether anything accepts connections at an address: the system does so for a server that is slow or
 * stopped, but not if the address has moved to another machine, or is gone.
 *
 * @param signal gives up; the answer is then `false`
 */
export async function acceptsConnections(address: Address, signal: AbortSignal): Promise<boolean> {
  try {
    (await Deno.connect({ ...address, signal })).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a certificate for an address means the server as well as its name does. No public authority gives
 * anybody one for a private address, and what the user gave is the server's own for that address. An
 * authority of the user's might have given one to anybody who has such an address.
 */
function meansAddress({ own }: Trust, hostname: string): boolean {
  return isPrivateAddress(hostname) && own?.checkIP(hostname) !== undefined;
}

/** The certificate is good, but for somebody else; or nobody could have one for that name. */
class WrongNameError extends TlsError {}

async function dialAs(
  trust: Trust | undefined,
  address: Address,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  const at = addressText(address);
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect({ ...address, signal });
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
  } catch (error) {
    const why = signal.aborted ? "no answer in time" : messageOf(error);
    throw new ServerNotFoundError(`Cannot connect to ${at}: ${why}`);
  }
  if (trust === undefined) return connection;
  try {
    return await encrypted(connection, trust, signal);
  } catch (error) {
    if (signal.aborted) {
      throw new ServerNotFoundError(
        `Cannot connect to ${at} with TLS: it accepts, but does not shake hands; is it a server with TLS?`,
      );
    }
    throw failureOf(error, at, trust.name);
  }
}

async function encrypted(
  connection: Deno.TcpConn,
  { ca, name }: Trust,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  let latest: Deno.Conn = connection;
  const giveUp = () => {
    try {
      latest.close();
    } catch {
      // Closed already.
    }
  };
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const tls = await Deno.startTls(connection, { hostname: name, caCerts: [ca] });
    latest = tls;
    signal.throwIfAborted();
    await tls.handshake();
    return tls;
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** What the runtime means by its errors, for people. */
function failureOf(error: unknown, at: string, name: string): TlsError | ServerNotFoundError {
  const tried = `Cannot connect to ${at} with TLS`;
  const why = messageOf(error);
  if (error instanceof TypeError) {
    return new WrongNameError(
      `${tried}: no certificate can be for ${quoted(name)}, which is no DNS name; use HOST:PORT`,
    );
  }
  if (/InvalidContentType/.test(why)) {
    return new TlsError(`${tried}: it does not speak TLS, and --ca is for servers that do`);
  }
  if (/CaUsedAsEndEntity/.test(why)) {
    return new TlsError(
      `${tried}: its certificate is one of an authority (CA:TRUE); it must be made with basicConstraints CA:FALSE`,
    );
  }
  if (/UnknownIssuer|BadSignature/.test(why)) {
    return new TlsError(`${tried}: its certificate is not from whom --ca trusts`);
  }
  if (/not valid for name/.test(why)) {
    return new WrongNameError(
      `${tried}: its certificate must be for ${quoted(name)}, and is not (${why})`,
    );
  }
  if (error instanceof Deno.errors.InvalidData) return new TlsError(`${tried}: ${why}`);
  return new ServerNotFoundError(`${tried}: ${why}`);
}
