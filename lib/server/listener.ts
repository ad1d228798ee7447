/** The listening socket of a server, plain or with TLS, and why there is none. */
import type { ListenAddress } from "../base/address.ts";
import { ExitError, messageOf } from "../base/errors.ts";
import { LISTEN_BACKLOG } from "../base/limits.ts";

/** What clients come in by. */
export type ClientListener = Deno.TcpListener | Deno.TlsListener;

/** A client's connection. Of one with TLS, the handshake is part of the first read. */
export type ClientConn = Deno.TcpConn | Deno.TlsConn;

/** Where to listen, and how. */
export interface ListenOptions {
  /** An address or name of this machine (default: all its addresses, IPv4 and IPv6). */
  readonly host?: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  /** Certificate and key as PEM (default: plain TCP). */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Listens at once. Without a host it is one socket for both families, which therefore have one port.
 * A system that has no such socket (no IPv6, or `bindv6only`) has IPv4 only.
 *
 * @throws {ExitError} where it cannot
 */
export function listen(options: ListenOptions): ClientListener {
  if (options.host !== undefined) return listenAt(options.host, options);
  try {
    const listener = listenAt("::", options);
    if (listeningAt(listener).isV4) return listener;
    listener.close();
  } catch {
    // The sentence of the other attempt is the one for users.
  }
  return listenAt("0.0.0.0", options);
}

/** Where a listener listens, with the address that a name was found to have. */
export function listeningAt({ addr: { hostname, port } }: ClientListener): ListenAddress {
  const isV6 = hostname.includes(":");
  return { hostname, port, isV4: !isV6 || (hostname === "::" && servesV4(port)), isV6 };
}

/** Whether a socket on `::` also has the port of IPv4: then nothing else can have that. */
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
        `Cannot listen on ${where}: another program does; stop it, or leave --port out to get a free one`,
      );
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new ExitError(
        `Cannot listen on ${where}: --host must be an address of this machine; without --host it is all of them`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ExitError(
        `Cannot listen on ${where}: ports below 1024 are for root; choose a higher one`,
      );
    }
    throw new ExitError(`Cannot listen on ${where}: ${messageOf(error)}`);
  }
}
