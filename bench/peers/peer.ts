/** The servers that are compared. */
import type { Target } from "../load/generator.ts";

/** Their names. A durable server replies to a change when the change is on disk. */
export type PeerName =
  | "htserver"
  | "htserver, durable"
  | "htserver, earlier"
  | "htserver, durable, earlier"
  | "Deno echo"
  | "Redis"
  | "Redis, durable"
  | "Python"
  | "Python, durable";

/** A server that runs. */
export interface Peer extends Target {
  readonly name: PeerName;
}
