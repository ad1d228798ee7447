/** The limits of the fuzzed server. They are low enough that inputs reach them. */
import type { Limits } from "../oracle/table.ts";

export const FUZZED_PROJECT = "fuzz";

/** The longest request line, in bytes. */
export const MAX_REQUEST_BYTES = 20_000;

/** The limits of the model. */
export const LIMITS: Limits = {
  project: FUZZED_PROJECT,
  maxReplyBytes: 30_000,
  maxTableBytes: 500_000,
};

/** The flags of the server. */
export const LIMIT_FLAGS: readonly string[] = [
  "--max-request",
  String(MAX_REQUEST_BYTES),
  "--max-reply",
  String(LIMITS.maxReplyBytes),
  "--max-memory",
  String(LIMITS.maxTableBytes),
];
