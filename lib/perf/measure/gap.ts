/** Gaps: times in which a server sent no reply although requests were waiting. */

/** A gap; times are Unix milliseconds. */
export interface Gap {
  /** Time of the last reply before the gap, of the first waiting request, or of the stage's start. */
  readonly fromUnixMs: number;
  /** Time of the next reply, or of the stage's end. */
  readonly toUnixMs: number;
  /** Whether a connection was lost during the gap. */
  readonly connectionLost: boolean;
  /** Whether the gap ended with a reply. */
  readonly answered: boolean;
}

/** Minimum length of a gap, in milliseconds. With a lost connection, any length counts. */
export const MIN_GAP_MS = 1_000;

/** Finds the gaps between the replies to one client. */
export class GapDetector {
  readonly gaps: Gap[] = [];
  readonly #unixOffsetMs: number;
  #silentSinceMs: number;
  #waiting = 0;
  #connections: number;

  /**
   * @param startedMs start of the stage, by the clock
   * @param unixOffsetMs difference of Unix time and the clock
   * @param connections number of connections that the client has made so far
   */
  constructor(startedMs: number, unixOffsetMs: number, connections: number) {
    this.#silentSinceMs = startedMs;
    this.#unixOffsetMs = unixOffsetMs;
    this.#connections = connections;
  }

  /** Records that a request was sent. */
  recordRequest(nowMs: number): void {
    if (this.#waiting++ === 0) this.#silentSinceMs = nowMs;
  }

  /**
   * Records a reply, with success or failure.
   *
   * @param connections number of connections that the client has made so far
   */
  recordReply(nowMs: number, connections: number): void {
    this.#waiting--;
    const connectionLost = connections !== this.#connections;
    this.#connections = connections;
    if (connectionLost || nowMs - this.#silentSinceMs >= MIN_GAP_MS) {
      this.#add(nowMs, connectionLost, true);
    }
    this.#silentSinceMs = nowMs;
  }

  /** Records that a request failed without a reply. */
  recordFailure(): void {
    this.#waiting--;
  }

  /** Records that the client stopped because the server is gone. */
  recordServerGone(nowMs: number): void {
    this.#add(nowMs, true, false);
  }

  #add(nowMs: number, connectionLost: boolean, answered: boolean): void {
    this.gaps.push({
      fromUnixMs: this.#unixOffsetMs + this.#silentSinceMs,
      toUnixMs: this.#unixOffsetMs + nowMs,
      connectionLost,
      answered,
    });
  }
}

/**
 * Computes the times in which no client received a reply.
 *
 * @param clients the gaps of each client, in order of time
 */
export function commonGaps(clients: readonly (readonly Gap[])[]): Gap[] {
  const [first = [], ...others] = clients;
  return others.reduce<Gap[]>((common, gaps) => common.flatMap((a) => intersectAll(a, gaps)), [
    ...first,
  ]);
}

function intersectAll(a: Gap, gaps: readonly Gap[]): Gap[] {
  return gaps.flatMap((b) => {
    const fromUnixMs = Math.max(a.fromUnixMs, b.fromUnixMs);
    const toUnixMs = Math.min(a.toUnixMs, b.toUnixMs);
    if (fromUnixMs >= toUnixMs) return [];
    const connectionLost = a.connectionLost || b.connectionLost;
    // The first reply to any of the clients ends the gap.
    const answered = (a.answered && a.toUnixMs === toUnixMs) ||
      (b.answered && b.toUnixMs === toUnixMs);
    return [{ fromUnixMs, toUnixMs, connectionLost, answered }];
  });
}
