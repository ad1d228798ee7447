/** A yielder that never yields, for tests with a single client. */
import type { Yielder } from "../../lib/runtime/yielding.ts";

export const neverYields: Yielder = { yield: () => undefined };
