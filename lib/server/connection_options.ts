/** The options of a connection: its parts and limits. */
import type { Log } from "../base/log.ts";
import type { Client, ClosingFailure } from "../commands/client_state.ts";
import type { Engine } from "../engine/engine.ts";
import type { Yielder } from "../runtime/yielding.ts";
import type { BufferBudget } from "./buffer_budget.ts";
import type { Socket } from "./socket.ts";

/** Limits of a connection; see `limits.ts`. */
export interface ConnectionLimits {
  readonly maxRequestBytes: number;
  /** Size of waiting replies, in bytes, at which no more requests are executed. */
  readonly maxOutputBytes: number;
  /** Size of waiting replies, in bytes, above which the client is disconnected. */
  readonly maxOutputHardBytes: number;
  readonly maxInFlight: number;
  /** Infinity: no limit. */
  readonly idleTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** A clock that is set periodically: reading the exact time costs as much as a request. */
interface CoarseClock {
  /** Milliseconds since some moment. */
  readonly nowMs: number;
}

/** The reason why the server ended a connection. */
export type Ending =
  | "idle"
  | "slow request"
  | "slow reader"
  | "output"
  | "buffers"
  | "busy"
  | "not our protocol";

/** The parts and limits of a connection. */
export interface ConnectionOptions {
  readonly client: Client;
  readonly socket: Socket;
  /** Adds the client to the engine. */
  readonly attach: Engine["attach"];
  readonly limits: ConnectionLimits;
  readonly buffers: BufferBudget;
  readonly clock: CoarseClock;
  readonly yielder: Yielder;
  readonly log: Log;
  /** Set for the reserved admin connection: the failure of methods that it may not use. */
  readonly busy?: ClosingFailure;
  /** Delays the reply to a wrong token (default: no delay). */
  readonly delayAuthReply?: () => Promise<unknown>;
  /** Called with the reason if the server ends the connection. */
  readonly onEnding?: (ending: Ending) => void;
}
