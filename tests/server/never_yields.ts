/** A pace without timers, for tests that have nobody else to wait for. */
import type { Yielder } from "../../lib/runtime/yielding.ts";

export const neverYields: Yielder = { yield: () => undefined };
