/** The steps of a sweep: the throughput of all clients, by the number of clients. */

/** One step of a sweep. Steps are in ascending order of clients. */
export interface SweepStep {
  /** Number of simultaneous clients; a whole number from 1. */
  readonly clients: number;
  /** Successful operations a second of all clients, one value for each repeat. */
  readonly opsPerSecond: readonly number[];
}

/**
 * Checks the steps of a sweep.
 *
 * @throws {RangeError} if clients are not ascending whole numbers from 1, a step has no repeat, or a
 *   throughput is negative or not a finite number
 */
export function checkSteps(steps: readonly SweepStep[]): void {
  let before = 0;
  for (const { clients, opsPerSecond } of steps) {
    if (!Number.isInteger(clients) || clients <= before) {
      throw new RangeError(
        `The steps of a sweep have ascending whole numbers of clients from 1: ${clients} came after ${before}`,
      );
    }
    if (opsPerSecond.length === 0) {
      throw new RangeError(
        `Each step of a sweep has at least one repeat: ${clients} clients have none`,
      );
    }
    const wrong = opsPerSecond.find((value) => !Number.isFinite(value) || value < 0);
    if (wrong !== undefined) {
      throw new RangeError(
        `A throughput is a number from 0: got ${wrong} ops/s at ${clients} clients`,
      );
    }
    before = clients;
  }
}

/** Formats a number of clients: "1 client", "12 clients". */
export function clientsText(clients: number): string {
  return `${clients} client${clients === 1 ? "" : "s"}`;
}

/** Formats several numbers of clients: "1 client", "1 and 2 clients", "1, 2 and 3 clients". */
export function clientsListText(clients: readonly number[]): string {
  const last = clientsText(clients.at(-1) ?? 0);
  return clients.length < 2 ? last : `${clients.slice(0, -1).join(", ")} and ${last}`;
}

/** Formats a throughput for a sentence: "12,345 ops/s"; below 100, three digits. */
export function opsText(opsPerSecond: number): string {
  const rounded = opsPerSecond >= 100
    ? Math.round(opsPerSecond)
    : Number(opsPerSecond.toPrecision(3));
  return `${rounded.toLocaleString("en-US")} ops/s`;
}
