/**
 * Memory for what is long and soon gone: long lines and replies of all clients. It goes back to the
 * system when it is free, without waiting for the garbage collector.
 */
import { Arena } from "./arena.ts";
import { MAX_SPARE_LARGE_BYTES } from "../base/limits.ts";

// A segment each time would have V8 collect garbage each time: it counts its 32 MiB, touched or not. So
// much is kept while such lines and replies go on; `tidy` gives it back.
export const largeArena: Arena = new Arena({ retainedBytes: MAX_SPARE_LARGE_BYTES });
