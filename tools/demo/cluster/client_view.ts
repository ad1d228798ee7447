/** What the clients of the cluster's demo see: replies, pauses, and what is not right. */

/** The stretches of the demo: each lasts until the next one begins. */
export const STRETCHES = ["without a fault", "master killed", "gateway killed"] as const;

export type Stretch = typeof STRETCHES[number];

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
  /** The longest time between two replies of one client, in milliseconds. */
  readonly longestPauseMs: Record<Stretch, number> = {
    "without a fault": 0,
    "master killed": 0,
    "gateway killed": 0,
  };
  stretch: Stretch = "without a fault";

  /** Counts a reply. @param pauseMs since the client's last reply */
  onReply(pauseMs: number): void {
    this.requests++;
    const longest = this.longestPauseMs[this.stretch];
    this.longestPauseMs[this.stretch] = Math.max(longest, pauseMs);
  }
}
