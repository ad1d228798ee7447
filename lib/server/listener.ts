/** The listening socket of a server, plain or with TLS. */
import type { ListenAddress } from "../base/address.ts";
import { ExitError, messageOf } from "../base/errors.ts";
import { LISTEN_BACKLOG } from "../base/limits.ts";

/** The listening socket. */
export type ClientListener = Deno.TcpListener | Deno.TlsListener;

/** The connection of a client. With TLS, the first read includes the handshake. */
export type ClientConn = Deno.TcpConn | Deno.TlsConn;

/** The address to listen on, and the encryption. */
export interface ListenOptions {
  /** An address or name of this machine (default: all its addresses, IPv4 and IPv6). */
  readonly host?: string | undefined;
  /** 0 for any free port. */
  readonly port: number;
  /** Certificate and key as PEM (default: plain TCP). */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Listens at once. Without a host, one socket serves IPv4 and IPv6, so that both have one port. If the
 * system has no such socket (no IPv6, or `bindv6only`), it serves IPv4 only.
 *
 * @throws {ExitError} if it cannot listen
 */
export function listen(options: ListenOptions): ClientListener {
  if (options.host !== undefined) return listenAt(options.host, options);
  try {
    const listener = listenAt("::", options);
    if (listeningAt(listener).isV4) return listener;
    listener.close();
  } catch {
    // The second attempt has the error for the user.
  }
  return listenAt("0.0.0.0", options);
}

/** The address of a listener; if the host was a name, the address of the name. */
export function listeningAt({ addr: { hostname, port } }: ClientListener): ListenAddress {
  const isV6 = hostname.includes(":");
  return { hostname, port, isV4: !isV6 || (hostname === "::" && servesV4(port)), isV6 };
}

/** Whether a socket on `::` also serves IPv4: then no other socket can have the port for IPv4. */
function servesV4(port: number): boolean {
  try {
    Deno.listen({ hostname: "0.0.0.0", port }).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse;
  }
}

function listenAt(hostname: string, { port, tls, host }: ListenOptions): ClientListener {
  try {
    const where = { hostname, port, tcpBacklog: LISTEN_BACKLOG };
    return tls ? Deno.listenTls({ ...where, ...tls }) : Deno.listen(where);
  } catch (error) {
    const where = host === undefined ? `port ${port}` : `${hostname} port ${port}`;
    if (error instanceof Deno.errors.AddrInUse) {
      throw new ExitError(
        `Cannot listen on ${where}: another program uses it; stop that program, or omit --port to get a free port`,
      );
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new ExitError(
        `Cannot listen on ${where}: --host must be an address of this machine; without --host, the server uses all addresses`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ExitError(
        `Cannot listen on ${where}: ports below 1024 need root; choose a higher one`,
      );
    }
    throw new ExitError(`Cannot listen on ${where}: ${messageOf(error)}`);
  }
}
