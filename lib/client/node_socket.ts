/** The client's sockets under Node.js. */
import { connect, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls } from "node:tls";
import type { Address } from "../base/address.ts";
import { messageOf } from "../base/errors.ts";
import {
  type ClientSocket,
  type TcpSocket,
  TlsFailure,
  type TlsFailureKind,
} from "./client_socket.ts";

/** Opens a TCP connection; see `ConnectTcp`. */
export async function connectByNode(address: Address, signal: AbortSignal): Promise<TcpSocket> {
  signal.throwIfAborted();
  const options = { host: address.hostname, port: address.port, noDelay: true, keepAlive: true };
  const socket = connect(options);
  await waitUntilOpen(socket, "connect", signal);
  return new NodeTcpSocket(socket);
}

/** A stream of Node.js with a promise for each read and write. It reads ahead a few kilobytes. */
class NodeSocket implements ClientSocket {
  readonly peer: string;
  protected readonly stream: Socket;
  #error: Error | undefined;
  #isOver = false;
  #hasReader = false;
  #wakeReader = (): void => {};

  constructor(stream: Socket) {
    this.stream = stream;
    this.peer = stream.remoteAddress ?? "";
    stream.on("error", (error) => {
      this.#error = error;
      this.#wakeReader();
    });
    for (const event of ["end", "close"]) {
      stream.on(event, () => {
        this.#isOver = true;
        this.#wakeReader();
      });
    }
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (!this.#hasReader) {
      // Not earlier: the stream would read bytes that belong to TLS.
      this.#hasReader = true;
      this.stream.on("readable", () => this.#wakeReader());
    }
    for (;;) {
      const count = Math.min(this.stream.readableLength, buffer.length);
      const bytes: Uint8Array | null = this.stream.read(count);
      if (bytes !== null) {
        buffer.set(bytes);
        return bytes.length;
      }
      if (this.#error) throw this.#error;
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.stream.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  close(): void {
    this.stream.destroy();
  }
}

class NodeTcpSocket extends NodeSocket implements TcpSocket {
  async startTls(ca: string | undefined, name: string, signal: AbortSignal): Promise<ClientSocket> {
    signal.throwIfAborted();
    const stream = connectTls({
      socket: this.stream,
      ca,
      // No environment variable may switch the check off.
      rejectUnauthorized: true,
      // The name of a certificate may be an IP address, but the name that is sent may not (RFC 6066).
      ...(isIP(name) === 0 && { servername: name }),
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    });
    try {
      await waitUntilOpen(stream, "secureConnect", signal);
      return new NodeSocket(stream);
    } catch (error) {
      this.stream.destroy();
      const kind = failureKind(error);
      throw kind === undefined ? error : new TlsFailure(kind, messageOf(error));
    }
  }
}

/** Waits until a stream is open; destroys it if that fails or the signal is aborted. */
async function waitUntilOpen(
  stream: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  const onAbort = () => stream.destroy(new Error("aborted"));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once(event, resolve);
      stream.on("error", reject);
      stream.once("close", () => reject(new Error("the connection was closed")));
    });
  } catch (error) {
    stream.destroy();
    // The error of a host with several addresses has no message of its own.
    throw error instanceof AggregateError
      ? new Error(error.errors.map(messageOf).join(", "))
      : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const KIND_BY_CODE: Readonly<Record<string, TlsFailureKind>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: "wrong name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "unknown issuer",
  SELF_SIGNED_CERT_IN_CHAIN: "unknown issuer",
  UNABLE_TO_GET_ISSUER_CERT: "unknown issuer",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown issuer",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown issuer",
  CERT_SIGNATURE_FAILURE: "unknown issuer",
  INVALID_CA: "authority as server",
  ERR_SSL_WRONG_VERSION_NUMBER: "no TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "no TLS",
};

/** The kind of a TLS failure, by its code; undefined for an error of the network. */
function failureKind(error: unknown): TlsFailureKind | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return KIND_BY_CODE[code] ??
    (/^(ERR_SSL|ERR_TLS|CERT|UNABLE|CRL)_/.test(code) ? "other" : undefined);
}
