/**
 * Every bound of the system: its unit, its default, and what happens at it (I5).
 *
 * Sizes count in powers of 1,000, except the two that the wire protocol states in
 * MiB. What a flag can change is said in `config/`; the rest is fixed.
 */

const MIB = 1024 * 1024;

/** Longest request line, in bytes without its end; a longer one is answered `TooLarge` and discarded. */
export const MAX_REQUEST_BYTES = 16 * MIB;

/** Longest reply, in bytes; a larger result is `TooLarge`, and nothing is changed. */
export const MAX_REPLY_BYTES = 64 * MIB;

/** Smallest `--max-reply` and `--max-request`: every error message and `info` must fit. */
export const MIN_LINE_BYTES = 4_000;

/** Largest `--max-reply` and `--max-request`: V8 ends strings at about 536 million characters. */
export const MAX_LINE_BYTES = 256_000_000;

/** Connected clients; the next one is answered `Busy` once and closed. */
export const MAX_CLIENTS = 10_000;

/**
 * Bytes of replies waiting for one client; beyond it, none of its requests is executed nor read
 * until it has taken some. So one client costs this much and one reply more at the most.
 */
export const MAX_OUTPUT_BYTES = 1_000_000;

/** Share of V8's heap that keys and values may take by default; beyond it, `TableFull`. */
export const TABLE_HEAP_SHARE = 0.5;

/** Largest share of V8's heap that `--max-memory` may ask for: the rest is for the server's work. */
export const MAX_TABLE_HEAP_SHARE = 0.75;

/** Open cursors of one connection; a further one takes the place of the one not used for longest. */
export const MAX_CURSORS = 16;

/** Keys looked at for one part of a scan with `limit`; the part then ends, perhaps empty. */
export const SCAN_PART_KEYS = 4_000;

/** Time for one part of a scan with `limit`, in milliseconds; the part then ends, perhaps empty. */
export const SCAN_PART_MS = 2;

/** Longest regex, in characters; a longer one is a `ValueError`. */
export const MAX_REGEX_CHARS = 10_000;

/** Instructions of a compiled regex; a larger one is a `ValueError` (time for a key grows with it). */
export const MAX_REGEX_INSTRUCTIONS = 50_000;

/** Requests of one client executed in a row before the next client's turn. */
export const REQUESTS_PER_TURN = 64;

/** Work of one turn, in milliseconds; then sockets are looked at again. */
export const TURN_MS = 4;

/** First and largest size of a connection's read buffer, in bytes; it grows when a read fills it. */
export const READ_BUFFER_BYTES = { first: 1_024, largest: 64 * 1024 } as const;

/** How long a stopping server lets clients take their replies, in milliseconds; then they are cut off. */
export const DRAIN_MS = 1_000;

/** Keys and owners in the catalog, in characters; longer ones are refused at start. */
export const MAX_NAME_CHARS = 128;
