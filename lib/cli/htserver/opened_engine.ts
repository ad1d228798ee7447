/** An engine that is open: its table can be used. */
import type { MakeEngine } from "../../engine/engine.ts";

/** The engine of a server, which must be closed at the end. */
export interface OpenedEngine {
  readonly makeEngine: MakeEngine;
  /** Whether the table has no keys. */
  readonly isNew: boolean;
  /** Why the table can be served no longer, as a sentence; pending while it can (default: never). */
  readonly gone?: Promise<string>;
  /** Prepares the end: nothing that may take long begins from now on. */
  beginClose(): void;
  /** Makes all changes durable and closes everything. */
  close(): Promise<void>;
}
