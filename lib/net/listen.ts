/** The listening socket of a server, plain or with TLS, and why there is none. */
import { ExitError, messageOf } from "../base/errors.ts";
import { LISTEN_BACKLOG } from "../base/limits.ts";

/** What clients come in by. */
export type ClientListener = Deno.TcpListener | Deno.TlsListener;

/** A client's connection. Of one with TLS, the handshake is part of the first read. */
export type ClientConn = Deno.TcpConn | Deno.TlsConn;

/** Where to listen, and how. */
export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Certificate and key as PEM (default: plain TCP). */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/**
 * Listens at once.
 *
 * @throws {ExitError} where it cannot
 */
export function listen({ host: hostname, port, tls }: ListenOptions): ClientListener {
  try {
    const where = { hostname, port, tcpBacklog: LISTEN_BACKLOG };
    return tls ? Deno.listenTls({ ...where, ...tls }) : Deno.listen(where);
  } catch (error) {
    const where = `${hostname} port ${port}`;
    if (error instanceof Deno.errors.AddrInUse) {
      throw new ExitError(
        `Cannot listen on ${where}: another program does; stop it, or leave --port out to get a free one`,
      );
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new ExitError(
        `Cannot listen on ${where}: --host must be an address of this machine, or 0.0.0.0 for all`,
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
