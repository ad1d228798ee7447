/** What the clients of the cluster's demo see: replies, pauses, and what is not right. */

/** The stretches of the demo: each lasts until the next one begins. */
export type Stretch = "without a fault" | "when a master was killed" | "when a gateway was killed";

/** The counts of all clients together. */
export class ClientView {
  /** Requests with a reply. */
  requests = 0;
  /** Changes with the reply OK. */
  acknowledged = 0;
  /** Changes with an error as their reply: they were not made. */
  refused = 0;
  /** Lookups with an error as their reply, other than that the key is not there. */
  unanswered = 0;
  /** Requests whose connection ended before their reply, which the library sent again. */
  sentAgain = 0;
  /** Those of `sentAgain` that are changes: they may have been made before. */
  changesSentAgain = 0;
  /** Lookups that did not show a value that the key could have at that time. */
  wrong = 0;
  /** Acknowledged changes that were not there at the end. */
  lost = 0;
  /** Keys that were looked up at the end; undefined: the demo did not come that far. */
  checkedKeys: number | undefined;
  /** The longest time between two replies of one client, in milliseconds, in each stretch with a reply. */
  readonly longestPauseMs = new Map<Stretch, number>();
  stretch: Stretch = "without a fault";

  /** Counts a reply. @param pauseMs since the client's last reply */
  onReply(pauseMs: number): void {
    this.requests++;
    const longestMs = this.longestPauseMs.get(this.stretch) ?? 0;
    this.longestPauseMs.set(this.stretch, Math.max(longestMs, pauseMs));
  }
}
