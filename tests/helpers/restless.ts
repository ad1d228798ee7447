/** A pace without timers, for tests that have nobody else to wait for. */
import type { Pacing } from "../../lib/engine/pace.ts";

export const restless: Pacing = { rest: () => undefined };
