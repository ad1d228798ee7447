/** The client's sockets under Deno. */
import type { Address } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import {
  type ClientSocket,
  type TcpSocket,
  TlsFailure,
  type TlsFailureKind,
} from "./client_socket.ts";

/** Opens a TCP connection; see `ConnectTcp`. */
export async function connectByDeno(address: Address, signal: AbortSignal): Promise<TcpSocket> {
  return new DenoTcpSocket(await openTcp(address, signal));
}

/** Opens a connection of the runtime; see `ConnectTcp`. */
export async function openTcp(address: Address, signal: AbortSignal): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ ...address, signal });
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
  return connection;
}

class DenoSocket<Connection extends Deno.Conn> implements ClientSocket {
  readonly peer: string;
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
    const { remoteAddr } = connection;
    this.peer = "hostname" in remoteAddr ? remoteAddr.hostname : "";
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.connection.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.connection.write(bytes);
  }

  close(): void {
    closeQuietly(this.connection);
  }
}

/** A TCP connection of the runtime. */
export class DenoTcpSocket extends DenoSocket<Deno.TcpConn> implements TcpSocket {
  async startTls(ca: string | undefined, name: string, signal: AbortSignal): Promise<ClientSocket> {
    let latest: Deno.Conn = this.connection;
    const closeLatest = () => closeQuietly(latest);
    signal.addEventListener("abort", closeLatest, { once: true });
    try {
      const caCerts = ca === undefined ? [] : [ca];
      const tls = await Deno.startTls(this.connection, { hostname: name, caCerts });
      latest = tls;
      signal.throwIfAborted();
      await tls.handshake();
      return new DenoSocket(tls);
    } catch (error) {
      closeLatest();
      const kind = failureKind(error);
      throw kind === undefined ? error : new TlsFailure(kind, messageOf(error));
    } finally {
      signal.removeEventListener("abort", closeLatest);
    }
  }
}

/** The kind of a TLS failure, by the message of rustls; undefined for an error of the network. */
function failureKind(error: unknown): TlsFailureKind | undefined {
  const message = messageOf(error);
  if (error instanceof TypeError) return "invalid name";
  if (/InvalidContentType/.test(message)) return "no TLS";
  if (/CaUsedAsEndEntity/.test(message)) return "authority as server";
  if (/UnknownIssuer|BadSignature/.test(message)) return "unknown issuer";
  if (/not valid for name/.test(message)) return "wrong name";
  return error instanceof Deno.errors.InvalidData ? "other" : undefined;
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}
