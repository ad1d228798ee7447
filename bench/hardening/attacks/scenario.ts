/** Attacks on a server: the type of a scenario, and the tools that scenarios use. */
import { sleep } from "../../../lib/base/clock.ts";

/** A way to attack. */
export interface Scenario {
  readonly name: string;
  /** The attack in one sentence. */
  readonly what: string;
  /** Flags of the server beside the usual ones (default: none). */
  readonly flags?: readonly string[];
  /** The token of the server (default: none). */
  readonly token?: string;
  /** The bound of the memory that it costs the server, in bytes, without garbage (default: 1 MB). */
  mayHoldBytes?(attack: Attack): number;
  /** Inserts the keys that it needs (default: none). */
  prepare?(attack: Attack): Promise<void>;
  /** Attacks, until the time of the attack is up. */
  run(attack: Attack): Promise<void>;
  /** Removes the keys that it has inserted (default: none). */
  cleanUp?(attack: Attack): Promise<void>;
}

/** The memory of a connection without requests, in bytes. */
export const CONNECTION_BYTES = 16_000;

/** The memory of a connection with unread replies: the default `--max-output`, and the connection. */
export const OUTPUT_BYTES: number = 1_000_000 + CONNECTION_BYTES;

/**
 * The memory of a connection with a request of the greatest length, in bytes: the line, in a buffer
 * that doubles as it grows; the value in the table; a reply with the value.
 */
export const LARGEST_BYTES: number = 5 * 16 * 1024 * 1024;

/** The size of one write, in bytes. */
const PIECE_BYTES = 1_000_000;

/** The time limit of a connect, in milliseconds. */
const CONNECT_MS = 10_000;

const encoder = new TextEncoder();

/** An attack on one server. */
export class Attack {
  readonly port: number;
  /** Sent and received items, by their kind. */
  readonly counts: Record<string, number> = {};
  readonly #size: number;
  readonly #endMs: number;
  readonly #over: AbortSignal;

  /**
   * @param size share of the full numbers, up to 1
   * @param durationMs the length of a scenario without an end of its own
   */
  constructor(port: number, size: number, durationMs: number) {
    this.port = port;
    this.#size = size;
    this.#endMs = performance.now() + durationMs;
    this.#over = AbortSignal.timeout(durationMs);
  }

  /** Scales a number of the full attack to the size of this one. */
  scaled(count: number): number {
    return Math.max(1, Math.round(count * this.#size));
  }

  /** Whether the time is up. */
  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /** Waits until the time is up. */
  async rest(): Promise<void> {
    await this.pause(this.#endMs - performance.now());
  }

  /** Waits, at most until the time is up. */
  async pause(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), this.#over);
  }

  count(what: string, more: number = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + more;
  }

  /** Connects. Undefined if the server rejects the connection. */
  async connect(): Promise<HostileClient | undefined> {
    try {
      const conn = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.port,
        signal: AbortSignal.timeout(CONNECT_MS),
      });
      this.count("connections");
      return new HostileClient(conn, this);
    } catch {
      this.count("connections that failed");
      return undefined;
    }
  }

  /** Opens this number of connections, some of them at the same time. */
  async connectMany(count: number, atOnce: number = 200): Promise<HostileClient[]> {
    const clients: HostileClient[] = [];
    let left = count;
    await Promise.all(Array.from({ length: Math.min(count, atOnce) }, async () => {
      while (left > 0) {
        left--;
        const client = await this.connect();
        if (client) clients.push(client);
      }
    }));
    return clients;
  }

  /** Runs clients that connect, act and disconnect in a loop, until the time is up. */
  async visitors(count: number, visit: (client: HostileClient) => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: count }, async () => {
      do {
        const client = await this.connect();
        if (client === undefined) await this.pause(10);
        else {
          await visit(client);
          client.close();
        }
      } while (!this.isOver);
    }));
  }
}

/** A connection that can break at any time. */
export class HostileClient {
  readonly conn: Deno.TcpConn;
  readonly #attack: Attack;
  readonly #buffer = new Uint8Array(65_536);
  #isClosed = false;

  constructor(conn: Deno.TcpConn, attack: Attack) {
    this.conn = conn;
    this.#attack = attack;
  }

  /** Sends everything, and returns false if the server has closed. */
  async send(what: string | Uint8Array): Promise<boolean> {
    const bytes = typeof what === "string" ? encoder.encode(what) : what;
    try {
      for (let at = 0; at < bytes.length;) {
        const count = await this.conn.write(bytes.subarray(at, at + PIECE_BYTES));
        at += count;
        this.#attack.count("bytes sent", count);
      }
      return true;
    } catch {
      this.#attack.count("connections that broke");
      return false;
    }
  }

  /** Reads some bytes. Undefined after the server has closed. */
  async read(): Promise<Uint8Array | undefined> {
    try {
      const count = await this.conn.read(this.#buffer);
      if (count === null) return undefined;
      this.#attack.count("bytes read", count);
      return this.#buffer.subarray(0, count);
    } catch {
      return undefined;
    }
  }

  /** Reads `count` lines, or fewer if the server closes, and returns their number. */
  async lines(count: number): Promise<number> {
    let lines = 0;
    while (lines < count) {
      const bytes = await this.read();
      if (bytes === undefined) break;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
    }
    this.#attack.count("replies", lines);
    return lines;
  }

  /** Sends requests, and reads their replies at the same time. @returns whether all came */
  async exchange(requests: string | Uint8Array, count: number): Promise<boolean> {
    this.#attack.count("requests", count);
    const [isSent, lines] = await Promise.all([this.send(requests), this.lines(count)]);
    return isSent && lines === count;
  }

  /** Reads until the server closes. */
  async toTheEnd(): Promise<void> {
    while (await this.read() !== undefined);
  }

  /** Closes the sending side. */
  async closeWrite(): Promise<void> {
    await this.conn.closeWrite().catch(() => {});
  }

  /** Closes. The server sees a reset if replies are unread. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.conn.close();
    } catch {
      // It is closed already.
    }
  }
}

/** Connects a client, runs `use` with it, and closes it. */
export async function withClient(
  attack: Attack,
  use: (client: HostileClient) => Promise<unknown>,
): Promise<void> {
  const client = await attack.connect();
  if (client === undefined) return;
  try {
    await use(client);
  } finally {
    client.close();
  }
}

/** The line of a request. */
export function line(members: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(members) + "\n";
}
