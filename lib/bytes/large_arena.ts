/**
 * The arena for long lines and replies of all clients, which live for a short time. Their memory returns
 * to the system at once, without waiting for the garbage collector.
 */
import { Arena } from "./arena.ts";
import { MAX_SPARE_LARGE_BYTES } from "../base/limits.ts";

// Without a retained segment, V8 would collect garbage for each new one: it counts all 32 MiB, touched
// or not. `trim` releases it when no more long lines and replies come.
export const largeArena: Arena = new Arena({ retainedBytes: MAX_SPARE_LARGE_BYTES });
