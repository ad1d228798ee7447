/** A pace without timers, for tests that have nobody else to wait for. */
import type { Pacing } from "../../lib/runtime/yielding.ts";

export const restless: Pacing = { rest: () => undefined };
