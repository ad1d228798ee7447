/** A proxy between a client and a server: counts lines, delays requests, changes replies, disconnects. */
import { machineClock } from "../../lib/base/clock.ts";

const LF = 0x0a;

/** The changes that a proxy makes. */
export interface ProxyOptions {
  /** Delay of the requests that arrive now, in milliseconds (default: 0). */
  readonly holdMs?: (unixMs: number) => number;
  /** Changes replies, without changing their length (default: no change). */
  readonly rewrite?: (text: string) => string;
  /** Called with the number of request lines so far, after they are forwarded. */
  readonly onRequests?: (count: number) => void;
}

/** The proxy, on a free port of the loopback. */
export class TcpProxy implements AsyncDisposable {
  /** Arrival times of request lines and reply lines, in Unix milliseconds. */
  readonly requests: number[] = [];
  readonly replies: number[] = [];
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #targetPort: number;
  readonly #options: ProxyOptions;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #work: Promise<unknown>[] = [];
  /** Whether replies are dropped. */
  #isMute = false;

  constructor(targetPort: number, options: ProxyOptions = {}) {
    this.#targetPort = targetPort;
    this.#options = options;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#work.push(this.#accept());
  }

  /** HOST:PORT. */
  get target(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Drops all further replies of the current connections. */
  mute(): void {
    this.#isMute = true;
  }

  /** Closes all connections; accepts new ones. */
  breakAll(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
    this.#isMute = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.breakAll();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
        client.setNoDelay(true);
        server.setNoDelay(true);
        this.#connections.add(client).add(server);
        this.#work.push(this.#forth(client, server), this.#back(server, client));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  #forth(client: Deno.TcpConn, server: Deno.TcpConn): Promise<void> {
    return pass(client, server, async (bytes) => {
      const nowMs = machineClock.unixMs();
      count(bytes, this.requests, nowMs);
      const holdMs = this.#options.holdMs?.(nowMs) ?? 0;
      if (holdMs > 0) await machineClock.sleep(holdMs);
      return bytes;
    }, () => this.#options.onRequests?.(this.requests.length));
  }

  #back(server: Deno.TcpConn, client: Deno.TcpConn): Promise<void> {
    return pass(server, client, (bytes) => {
      if (this.#isMute) return Promise.resolve(new Uint8Array());
      count(bytes, this.replies, machineClock.unixMs());
      const { rewrite } = this.#options;
      if (!rewrite) return Promise.resolve(bytes);
      return Promise.resolve(new TextEncoder().encode(rewrite(new TextDecoder().decode(bytes))));
    });
  }
}

async function pass(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  change: (bytes: Uint8Array) => Promise<Uint8Array>,
  onPassed?: () => void,
): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const read = await from.read(buffer);
      if (read === null) break;
      let bytes = await change(buffer.subarray(0, read));
      while (bytes.length > 0) bytes = bytes.subarray(await to.write(bytes));
      onPassed?.();
    }
  } catch {
    // One side or the test closed the connection.
  }
  close(from);
  close(to);
}

function count(bytes: Uint8Array, moments: number[], unixMs: number): void {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) moments.push(unixMs);
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is already closed.
  }
}
