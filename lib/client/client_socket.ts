/**
 * The client's sockets as an interface: the operations that the library needs from a runtime.
 * `deno_socket.ts` and `node_socket.ts` implement it, so that no other file of the library names a
 * runtime.
 */
import type { Address } from "../base/address.ts";

/** An open connection of bytes. */
export interface ClientSocket {
  /** IP address of the other end; empty if it is unknown. */
  readonly peer: string;
  /**
   * Reads bytes, at least one.
   *
   * @returns the number of bytes read into the buffer, or null at the end of the stream
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes bytes, at least one. @returns the number of bytes written */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes both directions at once; a pending read or write ends. A second call does nothing. */
  close(): void;
}

/** A TCP connection that can be upgraded to TLS before anything is sent on it. */
export interface TcpSocket extends ClientSocket {
  /**
   * Performs the handshake of TLS. Afterwards the result replaces this socket; after an error this
   * socket is closed.
   *
   * @param ca PEM text of certificates to trust; undefined: only those of public authorities
   * @param name the DNS name or IP address that the server's certificate must have
   * @param signal ends the handshake and closes the socket
   * @throws {TlsFailure} if the handshake failed because of TLS; other errors are the network's
   */
  startTls(ca: string | undefined, name: string, signal: AbortSignal): Promise<ClientSocket>;
}

/**
 * Opens a TCP connection, with keep-alive and without Nagle's delay.
 *
 * @param signal ends the attempt
 * @throws {Error} if the attempt fails; its message is the reason
 */
export type ConnectTcp = (address: Address, signal: AbortSignal) => Promise<TcpSocket>;

/** The causes of a failed handshake that get a sentence of their own. */
export type TlsFailureKind =
  | "invalid name"
  | "wrong name"
  | "unknown issuer"
  | "authority as server"
  | "no TLS"
  | "other";

/** The error of a handshake that failed because of TLS, not because of the network. */
export class TlsFailure extends Error {
  override name = "TlsFailure";
  readonly kind: TlsFailureKind;

  /** @param message the runtime's description */
  constructor(kind: TlsFailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
