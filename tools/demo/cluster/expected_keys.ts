/**
 * The keys of the clients with the values that they may have, so that each lookup can be checked.
 *
 * Only one client changes a key, and its changes are numbered from 1. At any time the table may have the
 * last acknowledged change of the key, or a later one that was sent.
 */

/** One key, with its changes. */
export class ExpectedKey {
  readonly key: string;
  /** Number of the client that changes it. */
  readonly client: number;
  /** The last change that was sent; 0: none. */
  sent = 0;
  /** The last change that was acknowledged; 0: none. */
  acknowledged = 0;

  constructor(key: string, client: number) {
    this.key = key;
    this.client = client;
  }

  /** The value of a change, as JSON text. */
  textOf(change: number): string {
    return `{"client":${this.client},"change":${change}}`;
  }

  /**
   * Checks what a lookup found.
   *
   * @param text the value byte for byte; undefined: the table does not have the key
   * @param acknowledged the last change that was acknowledged before the lookup was sent
   * @returns `old`: an acknowledged change is not there; `wrong`: no client has sent this value
   */
  check(text: string | undefined, acknowledged: number): "right" | "old" | "wrong" {
    if (text === undefined) return acknowledged === 0 ? "right" : "old";
    const change = Number(/"change":(\d+)\}$/.exec(text)?.[1] ?? 0);
    if (change < 1 || change > this.sent || text !== this.textOf(change)) return "wrong";
    return change < acknowledged ? "old" : "right";
  }
}
