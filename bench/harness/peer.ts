/** The servers that are compared. */

/** Who they are; the durable ones answer a change once it is on disk. */
export type PeerName =
  | "htserver"
  | "htserver, durable"
  | EarlierName
  | "Deno echo"
  | "Redis"
  | "Redis, durable"
  | "Python"
  | "Python, durable";

/** An earlier version of htserver, to see what a change costs. */
export type EarlierName = "htserver, earlier" | "htserver, durable, earlier";

/** What the load generator speaks with one. */
export type Protocol = "json" | "resp" | "echo";

/** A server that runs. */
export interface Peer {
  readonly name: PeerName;
  readonly protocol: Protocol;
  /** On 127.0.0.1. */
  readonly port: number;
  readonly pid: number;
}
