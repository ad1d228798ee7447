/** Makes a connection to a server: by TCP, and by TLS where the user says whom to trust. */
import { X509Certificate } from "node:crypto";
import { type Address, addressText, isPrivateAddress } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import { quoted } from "../base/quoted.ts";
import { ServerNotFoundError, TlsError } from "./errors.ts";

/** With whom to speak TLS. There is no way back to plain TCP, whatever the catalog or the peer says. */
export interface Trust {
  /** PEM of authorities, or of the server's own certificate; the runtime trusts public ones besides. */
  readonly ca: string;
  /**
   * What the certificate must be for: what the user asked for. Not where a catalog says that the
   * server is: that proves nothing, since anyone can have a certificate for an address of their own,
   * unless it is a private one.
   */
  readonly name: string;
}

/**
 * Whom to trust, checked.
 *
 * @param ca PEM text
 * @param name see `Trust`
 * @throws {TypeError} where there is no certificate in it: only public authorities would be left
 */
export function trustIn(ca: string, name: string): Trust {
  try {
    new X509Certificate(ca);
  } catch {
    throw new TypeError("Cannot use TLS: `ca` must be PEM text with a certificate in it");
  }
  return { ca, name };
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
    // No public authority gives anybody a certificate for such an address, so one for it is from whom `ca`
    // names, and means that server as well as its name does.
    const { hostname } = address;
    const isOther = trust !== undefined && hostname !== trust.name && isPrivateAddress(hostname);
    if (!isOther || !(error instanceof WrongNameError)) throw error;
    return await dialAs({ ...trust, name: hostname }, address, signal).catch((second) => {
      throw second instanceof WrongNameError ? error : second;
    });
  }
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
