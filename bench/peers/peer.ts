/** The servers that are compared. */

/** Who they are; the durable ones answer a change once it is on disk. */
export type PeerName =
  | "htserver"
  | "htserver, durable"
  | "Deno echo"
  | "Redis"
  | "Redis, durable"
  | "Python"
  | "Python, durable";

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
