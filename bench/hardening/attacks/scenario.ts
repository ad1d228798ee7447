/** A way to treat a server badly: what every scenario is, and what it has to work with. */

/** One way. */
export interface Scenario {
  readonly name: string;
  /** What is done, in one sentence. */
  readonly what: string;
  /** Flags of the server beside the usual ones (default: none). */
  readonly flags?: readonly string[];
  /** What clients must show to that server (default: nothing). */
  readonly token?: string;
  /** What the server may hold because of it beside garbage, in bytes (default: 1 MB). */
  mayHoldBytes?(attack: Attack): number;
  /** Puts what is needed into the table (default: nothing is). */
  prepare?(attack: Attack): Promise<void>;
  /** Does it, until the attack's time is up. */
  run(attack: Attack): Promise<void>;
  /** Removes what it has put into the table (default: it has put nothing there). */
  cleanUp?(attack: Attack): Promise<void>;
}

/** What the server may hold for a connection that asks for nothing, in bytes. */
export const CONNECTION_BYTES = 16_000;

/** What it may hold for one that waits for replies: its default `--max-output`, and a connection. */
export const OUTPUT_BYTES: number = 1_000_000 + CONNECTION_BYTES;

/**
 * What it may hold for one that sends or asks for the most that a request may hold: the line, in memory
 * that doubles as it grows; a value in the table; a reply with it.
 */
export const LARGEST_BYTES: number = 5 * 16 * 1024 * 1024;

/** Size of the pieces in which much is sent, in bytes. */
const PIECE_BYTES = 1_000_000;

/** How long a hostile client waits for its connection, in milliseconds. */
const CONNECT_MS = 10_000;

const encoder = new TextEncoder();

/** One attack: on whom, how large, how long, and what was done so far. */
export class Attack {
  readonly port: number;
  /** What was sent and came back, counted by what it is. */
  readonly counts: Record<string, number> = {};
  readonly #size: number;
  readonly #endMs: number;
  readonly #over: AbortSignal;

  /**
   * @param size share of the full numbers, up to 1
   * @param durationMs how long scenarios go on that have no end of their own
   */
  constructor(port: number, size: number, durationMs: number) {
    this.port = port;
    this.#size = size;
    this.#endMs = performance.now() + durationMs;
    this.#over = AbortSignal.timeout(durationMs);
  }

  /** A number of the full attack, made smaller where this one is. */
  scaled(count: number): number {
    return Math.max(1, Math.round(count * this.#size));
  }

  /** Whether its time is up. */
  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /** Until its time is up. */
  async rest(): Promise<void> {
    await this.pause(this.#endMs - performance.now());
  }

  /** Waits, but not longer than its time. */
  async pause(ms: number): Promise<void> {
    if (this.#over.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, ms));
    const end = () => resolve();
    this.#over.addEventListener("abort", end);
    await promise;
    clearTimeout(timer);
    this.#over.removeEventListener("abort", end);
  }

  count(what: string, more: number = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + more;
  }

  /** Connects; undefined where the server does not want to. */
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

  /** So many connections, a bounded number of them being made at once. */
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

  /** So many that each come, do something and go, over and over until its time is up. */
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

/** A connection that may break at any time. */
export class HostileClient {
  readonly conn: Deno.TcpConn;
  readonly #attack: Attack;
  readonly #buffer = new Uint8Array(65_536);
  #isClosed = false;

  constructor(conn: Deno.TcpConn, attack: Attack) {
    this.conn = conn;
    this.#attack = attack;
  }

  /** Sends all of it; false where the server has closed, or the attack's time is up meanwhile. */
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

  /** Reads something; undefined where the server has closed. */
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

  /** Reads so many lines, or until the server closes, and says how many came. */
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

  /** Sends requests and reads their replies at the same time. @returns whether all came */
  async exchange(requests: string | Uint8Array, count: number): Promise<boolean> {
    this.#attack.count("requests", count);
    const [isSent, lines] = await Promise.all([this.send(requests), this.lines(count)]);
    return isSent && lines === count;
  }

  /** Reads until the server closes. */
  async toTheEnd(): Promise<void> {
    while (await this.read() !== undefined);
  }

  /** Says that it sends no more. */
  async closeWrite(): Promise<void> {
    await this.conn.closeWrite().catch(() => {});
  }

  /** Closes; a reset where replies were not read. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.conn.close();
    } catch {
      // Closed already.
    }
  }
}

/** Does something with a client of its own, and gives it up. */
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

/** A request's line. */
export function line(members: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(members) + "\n";
}
