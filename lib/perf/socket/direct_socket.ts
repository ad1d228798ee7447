/**
 * Direct sockets: connections of the runtime that read and write by system calls of their own while
 * replies are expected. A read that would wait for long sleeps in the runtime, and so does a write
 * without room; the runtime also handles the ends and the errors of connections.
 */
import type { Address } from "../../base/address.ts";
import type { TcpSocket } from "../../client/client_socket.ts";
import { DenoTcpSocket, openTcp } from "../../client/deno_socket.ts";
import { type PolledSocket, Poller } from "./poller.ts";
import { oneForm, SystemCalls } from "./system_calls.ts";

/** Descriptors among which a connection is searched: more than a process with `MAX_POLLED` clients has. */
const MAX_FDS = 1_024;

const LF = 10;

/** The sockets of the clients of this process. */
export class DirectSockets {
  readonly #calls: SystemCalls;
  readonly #poller: Poller;

  /** @param calls (a test may count them) */
  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#poller = new Poller(calls);
  }

  /** Opens the sockets; undefined: this system or the permissions have only ordinary ones. */
  static open(): DirectSockets | undefined {
    const calls = SystemCalls.load();
    return calls && new DirectSockets(calls);
  }

  /** See `Poller.fruitlessMs`. */
  get fruitlessMs(): number {
    return this.#poller.fruitlessMs;
  }

  /** Opens a connection; see `ConnectTcp`. It is an ordinary one if its descriptor is not found. */
  readonly connect = async (address: Address, signal: AbortSignal): Promise<TcpSocket> => {
    const connection = await openTcp(address, signal);
    const fd = findDescriptor(this.#calls, connection);
    return fd === undefined
      ? new DenoTcpSocket(connection)
      : new DirectSocket(connection, fd, this.#calls, this.#poller);
  };
}

/** A read that waits for the poller. */
interface PendingRead {
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly resolve: (count: number | null | Promise<number | null>) => void;
}

class DirectSocket extends DenoTcpSocket implements PolledSocket {
  readonly fd: number;
  readonly #calls: SystemCalls;
  readonly #poller: Poller;
  /** Whether a reply is likely to arrive soon: a request was sent, or a line has begun. */
  #isExpecting = false;
  /** After the close, the descriptor may be that of another connection. */
  #isClosed = false;
  #read: PendingRead | undefined;

  constructor(connection: Deno.TcpConn, fd: number, calls: SystemCalls, poller: Poller) {
    super(connection);
    this.fd = fd;
    this.#calls = calls;
    this.#poller = poller;
  }

  override read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    if (!this.#isExpecting || this.#isClosed || !this.#poller.accepts()) {
      return this.#readByRuntime(buffer);
    }
    return new Promise((resolve) => {
      this.#read = { buffer, resolve };
      this.#poller.add(this);
    });
  }

  override write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#isClosed) return super.write(bytes);
    this.#isExpecting = true;
    const count = this.#calls.send(this.fd, bytes);
    return count > 0 ? Promise.resolve(count) : super.write(bytes);
  }

  override close(): void {
    this.#isClosed = true;
    if (this.#poller.remove(this)) this.release();
    super.close();
  }

  receive(): void {
    if (this.#read === undefined) return;
    const { buffer, resolve } = this.#read;
    const count = this.#calls.receive(this.fd, buffer);
    // The runtime finds the end of the stream, or the error, once more.
    if (count <= 0) return this.release();
    this.#noteBytes(buffer, count);
    resolve(count);
  }

  release(): void {
    if (this.#read === undefined) return;
    const { buffer, resolve } = this.#read;
    resolve(this.#readByRuntime(buffer));
  }

  async #readByRuntime(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const count = await super.read(buffer);
    this.#noteBytes(buffer, count ?? 0);
    return count;
  }

  #noteBytes(buffer: Uint8Array, count: number): void {
    this.#isExpecting = count > 0 && buffer[count - 1] !== LF;
  }
}

/** Finds the descriptor of a connection, which the runtime does not show; undefined: it is not found. */
function findDescriptor(
  calls: SystemCalls,
  { localAddr, remoteAddr }: Deno.TcpConn,
): number | undefined {
  const local = oneForm(localAddr.hostname), remote = oneForm(remoteAddr.hostname);
  for (let fd = 0; fd < MAX_FDS; fd++) {
    const here = calls.localEnd(fd);
    if (here?.port !== localAddr.port || here.ip !== local) continue;
    const there = calls.remoteEnd(fd);
    if (there?.port === remoteAddr.port && there.ip === remote) return fd;
  }
  return undefined;
}
