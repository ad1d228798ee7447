/** A crowd that comes and goes: visits in any order, and now and then more than the server takes. */
import { sleep } from "../../lib/base/clock.ts";
import type { Random } from "../../lib/base/random.ts";
import { RawClient } from "../harness/raw_client.ts";
import { BusySeen, Fault, VISITS } from "./visits.ts";

/** Visitors at a time. */
const VISITORS = 8;

/** Most pause before the next visit of one of them, in milliseconds. */
const PAUSE_MS = 50;

/** Between two moments with more connections than the server takes, in milliseconds. */
const RUSH_EVERY_MS = 5_000;

/** Connections of such a moment beyond those that the server takes. */
const TOO_MANY = 10;

/** What became of visits. */
export interface VisitCounts {
  visits: number;
  /** Visits that found the server full. */
  busy: number;
  /** Moments with too many connections in which somebody was told `Busy`. */
  rushes: number;
}

/** Visitors of one server. */
export class Visitors {
  readonly counts: VisitCounts = { visits: 0, busy: 0, rushes: 0 };
  readonly #port: number;
  readonly #maxClients: number;
  readonly #random: Random;
  readonly #fault: (what: string) => void;

  /**
   * @param maxClients that the server takes
   * @param fault is told of each reply that is not as it must be
   */
  constructor(
    port: number,
    maxClients: number,
    random: Random,
    fault: (what: string) => void,
  ) {
    this.#port = port;
    this.#maxClients = maxClients;
    this.#random = random;
    this.#fault = fault;
  }

  /** Visits until it is called off, and all have left. */
  async come(signal: AbortSignal): Promise<void> {
    const visitors = Array.from({ length: VISITORS }, () => this.#visitor(signal));
    await Promise.all([...visitors, this.#rushes(signal)]);
  }

  async #visitor(signal: AbortSignal): Promise<void> {
    const ways = Object.entries(VISITS);
    while (!signal.aborted) {
      const [name = "", visit] = ways[this.#random.below(ways.length)] ?? [];
      if (visit === undefined) continue;
      using client = await RawClient.connect(this.#port);
      try {
        await visit(client, this.#random);
      } catch (error) {
        if (error instanceof Fault) this.#fault(`a visitor that ${name}: ${error.message}`);
        else if (error instanceof BusySeen) this.counts.busy++;
        // Anything else is the connection: a full server closes what it has not read.
      }
      this.counts.visits++;
      await sleep(this.#random.below(PAUSE_MS), signal);
    }
  }

  /** Connects too often at once. */
  async #rushes(signal: AbortSignal): Promise<void> {
    while (await sleep(RUSH_EVERY_MS, signal)) {
      using stack = new DisposableStack();
      const clients = await Promise.all(
        Array.from({ length: this.#maxClients + TOO_MANY }, () => RawClient.connect(this.#port)),
      );
      for (const client of clients) stack.use(client);
      const replies = await Promise.all(clients.map(pinged));
      if (replies.includes("Busy")) this.counts.rushes++;
      else this.#fault(`nobody of ${clients.length} was told Busy`);
    }
  }
}

/** `OK`, or the type of the error; empty where the connection was lost. */
async function pinged(client: RawClient): Promise<string> {
  try {
    await client.send('{"method":"ping"}\n');
  } catch {
    // It is full and has closed; what it said before can still be read.
  }
  try {
    const reply = await client.reply();
    return String(reply?.["type"] ?? reply?.["status"] ?? "");
  } catch {
    return "";
  }
}
