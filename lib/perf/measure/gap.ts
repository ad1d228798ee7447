/** Times in which a server answered nothing although requests waited. */

/** A silence; times in milliseconds since 1970. */
export interface Gap {
  /** The last answer before, or when the first of the requests that wait was sent, or the start. */
  readonly fromUnixMs: number;
  /** The next answer, or the end of the stage. */
  readonly toUnixMs: number;
  /** Whether a connection broke in it. */
  readonly connectionLost: boolean;
  /** Whether it ended with an answer. */
  readonly answered: boolean;
}

/** A silence counts as a gap from this length on, in milliseconds; with a lost connection, any does. */
export const MIN_GAP_MS = 1_000;

/** Watches the answers of one client. */
export class GapDetector {
  readonly gaps: Gap[] = [];
  readonly #unixOffsetMs: number;
  #quietSinceMs: number;
  #waiting = 0;
  #connections: number;

  /**
   * @param startedMs when it begins to watch, by the clock
   * @param unixOffsetMs what to add to the clock's time for that since 1970
   * @param connections that the client has made so far
   */
  constructor(startedMs: number, unixOffsetMs: number, connections: number) {
    this.#quietSinceMs = startedMs;
    this.#unixOffsetMs = unixOffsetMs;
    this.#connections = connections;
  }

  /** A request leaves. */
  recordRequest(nowMs: number): void {
    if (this.#waiting++ === 0) this.#quietSinceMs = nowMs;
  }

  /**
   * A request was answered, by success or refusal.
   *
   * @param connections that the client has made so far
   */
  answered(nowMs: number, connections: number): void {
    this.#waiting--;
    const connectionLost = connections !== this.#connections;
    this.#connections = connections;
    if (connectionLost || nowMs - this.#quietSinceMs >= MIN_GAP_MS) {
      this.#add(nowMs, connectionLost, true);
    }
    this.#quietSinceMs = nowMs;
  }

  /** A request failed without an answer. */
  recordFailure(): void {
    this.#waiting--;
  }

  /** The server is given up. */
  recordServerGone(nowMs: number): void {
    this.#add(nowMs, true, false);
  }

  #add(nowMs: number, connectionLost: boolean, answered: boolean): void {
    this.gaps.push({
      fromUnixMs: this.#unixOffsetMs + this.#quietSinceMs,
      toUnixMs: this.#unixOffsetMs + nowMs,
      connectionLost,
      answered,
    });
  }
}

/**
 * The times in which none of several clients was answered.
 *
 * @param clients the gaps of each, in their order
 */
export function commonGaps(clients: readonly (readonly Gap[])[]): Gap[] {
  const [first = [], ...others] = clients;
  return others.reduce<Gap[]>((common, gaps) => common.flatMap((a) => overlaps(a, gaps)), [
    ...first,
  ]);
}

function overlaps(a: Gap, gaps: readonly Gap[]): Gap[] {
  return gaps.flatMap((b) => {
    const fromUnixMs = Math.max(a.fromUnixMs, b.fromUnixMs);
    const toUnixMs = Math.min(a.toUnixMs, b.toUnixMs);
    if (fromUnixMs >= toUnixMs) return [];
    const connectionLost = a.connectionLost || b.connectionLost;
    // The answer of the one that was answered first ends it.
    const answered = (a.answered && a.toUnixMs === toUnixMs) ||
      (b.answered && b.toUnixMs === toUnixMs);
    return [{ fromUnixMs, toUnixMs, connectionLost, answered }];
  });
}
