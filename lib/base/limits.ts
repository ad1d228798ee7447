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
export const MAX_CLIENTS = 12_000;

/** Where the system lets a server open no more files: so many fewer clients it takes from then on. */
export const MIN_FREE_FILES = 128;

/** Connected clients from one address (IPv6: one /64 network); the next one from there is told `Busy`. */
export const MAX_CLIENTS_PER_ADDRESS = 11_000;

/** Connects from one address in a second, on average; beyond it they are told `Busy`. */
export const MAX_CONNECTS_PER_SECOND = 2_000;

/** Connections that the system keeps until they are accepted; it drops further ones, which try again in a second. */
export const LISTEN_BACKLOG = 4_096;

/** So many seconds' worth of connects may come at once, after a quiet time. */
export const CONNECT_BURST_S = 10;

/** Addresses whose connects and wrong tokens are remembered; beyond it, the one not seen for longest is forgotten. */
export const MAX_ADDRESSES = 20_000;

/**
 * When all places are taken, one more is kept for the owner: a connection from the server's own machine
 * that asks for `hello` or `info`. It has this long to ask, in milliseconds, before it is told `Busy`.
 */
export const ADMIN_REQUEST_MS = 250;

/** After so long without a request, in milliseconds, the owner's place goes to the next one who wants it. */
export const ADMIN_IDLE_MS = 1_000;

/** Longest line from a client that has not shown its token yet, in bytes; a longer one is `TooLarge`. */
export const MAX_HANDSHAKE_BYTES = 16_384;

/**
 * Bytes of replies waiting for one client; beyond it, none of its requests is executed nor read
 * until it has taken some.
 */
export const MAX_REPLY_BUFFER_BYTES = 1_000_000;

/** Share of the machine's memory for half-sent requests and waiting replies of all clients by default. */
export const BUFFER_MEMORY_SHARE = 0.125;

/** What one client may hold without being counted for that, in bytes: as much as the smallest buffers take. */
export const UNCOUNTED_BUFFER_BYTES = 8_192;

/** Requests of one client that are executed before its replies are written. */
export const MAX_IN_FLIGHT = 1_024;

/** A client that neither sends nor takes anything for this long is disconnected, in milliseconds. */
export const IDLE_TIMEOUT_MS = 3_600_000;

/** Time for the rest of a request, and for taking any of the waiting replies, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 120_000;

/** How often connections are looked through for those whose time is up, in milliseconds, at most. */
export const SWEEP_MS = 500;

/** When so many clients less are there than were, their garbage is collected, which takes some 50 ms. */
export const IDLE_GC_CLIENTS = 1_000;

/** How long nobody must have left before that, in milliseconds: what leaves in waves is one crowd. */
export const IDLE_GC_QUIET_MS = 3_000;

/** Time between two such collections, in milliseconds, at least. */
export const IDLE_GC_PAUSE_MS = 10_000;

/** Delay of the answer to an address' first wrong token, in milliseconds; it doubles with each further one. */
export const FIRST_AUTH_DELAY_MS = 100;

/** Longest such delay, in milliseconds. */
export const MAX_AUTH_DELAY_MS = 1_000;

/** An address that shows no wrong token for this long has none against it, in milliseconds. */
export const AUTH_FAILURES_TTL_MS = 60_000;

/** Answers that are delayed at once; further ones are not. */
export const MAX_DELAYED_AUTH_REPLIES = 1_000;

/**
 * Memory that is not for keys and values: what the process takes with an empty table, in bytes (56 MB
 * resident at the start, and what the collector leaves for later).
 */
export const RUNTIME_BYTES = 80_000_000;

/** Share of the other memory that keys and values may take by default; beyond it, `TableFull`. */
export const TABLE_MEMORY_SHARE = 0.5;

/** Largest `--max-memory`, in bytes: what the addresses of the table's memory can tell apart. */
export const MAX_TABLE_BYTES = 32 * 1024 * MIB;

/**
 * Keys and values from this size on have memory of their own, in bytes, which goes back to the system
 * with them. That of smaller ones is used again for others; it goes back when all about it is free.
 */
export const LARGE_ENTRY_BYTES: number = 4 * MIB;

/** Smallest `--max-memory`, in bytes. */
export const MIN_TABLE_BYTES = 100_000;

/**
 * Open cursors of one connection; a further one takes the place of the one not used for longest. Each
 * takes some 100 bytes.
 */
export const MAX_CURSORS = 16;

/** Keys looked at for one part of a scan with `limit`; the part then ends, perhaps empty. */
export const SCAN_PART_KEYS = 4_000;

/** Time for one part of a scan with `limit`, in milliseconds; the part then ends, perhaps empty. */
export const SCAN_PART_MS = 2;

/** Longest regex, in characters; a longer one is a `ValueError`. */
export const MAX_REGEX_CHARS = 2_000;

/**
 * What a regex may cost, in instructions, as it is estimated before it is compiled; a more costly one is
 * a `ValueError`. One of the largest takes about 20 ms to compile.
 */
export const MAX_REGEX_INSTRUCTIONS = 2_000;

/** Compiled regexes that the server keeps for the next scan; the one not used for longest goes first. */
export const MAX_CACHED_REGEXES = 64;

/** Instructions of all regexes that are kept, some 300 bytes each; beyond it, the oldest ones go. */
export const MAX_CACHED_REGEX_INSTRUCTIONS = 20_000;

/**
 * What one regex may remember of how keys went through it, in bytes; one that needs more goes on
 * without, which takes longer for each character.
 */
export const MAX_AUTOMATON_BYTES = 128_000;

/**
 * Instructions of a regex times bytes of one key, in a scan without `limit`: 0.25 s at the worst. A scan
 * that would pass it at a key is a `ValueError`. Each 50 characters of a plain text count as one instruction.
 */
export const MAX_MATCH_STEPS = 10_000_000;

/** The same in a scan with `limit`: 5 ms at the worst. */
export const MAX_PART_MATCH_STEPS = 200_000;

/**
 * Time for a scan without `limit`, in milliseconds, during which nobody is served; then `TooLarge`
 * (checked between two keys).
 */
export const MAX_SCAN_MS = 5_000;

/** Slowest requests since the start that `info` tells. */
export const MAX_SLOW_LOG_ENTRIES = 16;

/** A request is timed for that list where it, or the entry it is about, has so many bytes; searches always are. */
export const MIN_TIMED_BYTES = 16_384;

/** A request that takes longer is marked as slow in the lines of `--debug`, in milliseconds. */
export const SLOW_REQUEST_MS = 50;

/** Requests of one client executed in a row before the next client's turn. */
export const MAX_BATCH_REQUESTS = 64;

/** How long a client that is sent away may take to read why, in milliseconds. */
export const LINGER_MS = 1_000;

/** Clients that may do so at once; further ones are told, and closed at once. */
export const MAX_LINGERING = 100;

/** Small chunks that are kept for the next replies until the next sweep; more are given back at once. */
export const MAX_SPARE_CHUNKS = 64;

/**
 * Memory for long lines and replies that is kept for the next ones while they go on, in bytes; what took more is
 * given back at once, and the rest at the next sweep (`SWEEP_MS`) before which little of it was in use.
 */
export const MAX_SPARE_LARGE_BYTES: number = 32 * MIB;

/** A server that sends no reply for this long is asked by a connection whether its address is still there, in milliseconds. */
export const SILENT_PROBE_MS = 3_000;

/** Time for that connection, in milliseconds; then the address counts as gone, and the server is looked for. */
export const PROBE_CONNECT_MS = 3_500;

/** Addresses that a client tries after one look-up, the newest; the others are not tried. */
export const MAX_CANDIDATES = 64;

/** Characters of log lines that wait for a slow reader of stderr; further lines are dropped and counted. */
export const MAX_LOG_CHARS = 4_000_000;

/** How long an ending program waits for the reader of its log, in milliseconds. */
export const LOG_FLUSH_MS = 200;

/** Work of one turn, in milliseconds; then others have theirs. */
export const MAX_BATCH_MS = 4;

/** Work without a look at the sockets, in milliseconds; then whoever has more to do waits for it. */
export const MAX_BUSY_MS = 4;

/** Clients that ask for little and come before one that asks for much, in a row at the most. */
export const QUICK_PER_SLOW = 64;

/** A scan or query that takes less counts as little, in milliseconds: one part of it does. */
export const QUICK_SEARCH_MS = 5;

/** Replies made for one client in a row, in bytes; then the next client has its turn. */
export const MAX_BATCH_REPLY_BYTES = 65_536;

/** Long requests and replies of one round of the event loop, in bytes; then the others wait for the next one. */
export const MAX_IMMEDIATE_BYTES = 1_000_000;

/** What a client that is served at once counts among them beside its replies, in bytes. */
export const CLIENT_OVERHEAD_BYTES = 512;

/** A connection whose reads or writes are at least so large may have more to do at once, in bytes. */
export const BULK_BYTES = 16_384;

/** First and largest size of a connection's read buffer, in bytes; it grows when a read fills it. */
export const READ_BUFFER_BYTES = { first: 1_024, largest: 64 * 1024 } as const;

/** It is given back after so many reads in a row that hardly used it. */
export const SMALL_READS_TO_SHRINK = 8;

/** How long a stopping server lets clients take their replies, in milliseconds; then they are cut off. */
export const DRAIN_MS = 1_000;

/** Longest `agent` of a `hello`, in characters; a longer one is a `ValueError`. */
export const MAX_AGENT_CHARS = 64;

/** Agents by which a server counts its connections; a connection of a further one is not counted. */
export const MAX_AGENTS = 1_000;

/** Keys and owners in the catalog, in characters; longer ones are refused at start. */
export const MAX_NAME_CHARS = 128;

/** Longest record of a server for the catalog, in bytes; larger datagrams get lost, so addresses are left out. */
export const MAX_ANNOUNCEMENT_BYTES = 1_199;

/** Addresses of a server's own interfaces in its record; the rest is left out. */
export const MAX_ANNOUNCED_ADDRESSES = 8;

/** Time for a name look-up before a catalog counts as unreachable for now, in milliseconds. */
export const CATALOG_DNS_MS = 5_000;

/** How long after an update a server looks itself up in the catalogs, in milliseconds. */
export const READ_BACK_AFTER_MS = 1_000;

/** When an update that was not read back is sent again, in milliseconds after the first one. */
export const RESEND_AFTER_MS = [2_000, 5_000, 15_000] as const;

/** Least time between two regular read backs, in milliseconds: a listing may have a megabyte. */
export const MIN_READ_BACK_MS = 10_000;

/** How long a server looks for others of its name before its first update, in milliseconds. */
export const FIRST_NAME_CHECK_MS = 1_000;

/** Time for another server of the name to answer `hello`, in milliseconds. */
export const OTHER_SERVER_REPLY_MS = 2_000;

/** Longest reply to that `hello` that is read, in characters. */
export const MAX_HELLO_REPLY_CHARS = 1_000_000;

/** Addresses of other servers of the name that are tried in one look. */
export const MAX_OTHER_SERVERS = 16;

/** How often a server compares its own addresses, in milliseconds: DHCP may change them. */
export const ADDRESS_CHECK_MS = 3_000;

/** IP addresses of one catalog's name that get updates; further ones do not. */
export const MAX_CATALOG_IPS = 8;

/** Time for all goodbyes to the catalogs together, in milliseconds; then they are given up. */
export const GOODBYE_MS = 300;

/** Time for one question to a catalog, in milliseconds; then it counts as unreachable. */
export const CATALOG_QUERY_MS = 5_000;

/** How long a catalog that replies "busy" is asked again, in milliseconds; then it counts as unreachable. */
export const BUSY_CATALOG_MS = 20_000;

/** Pauses before it is asked again, in milliseconds: they double up to the largest, and have jitter. */
export const BUSY_CATALOG_PAUSE_MS = { first: 100, largest: 2_000 } as const;

/** Longest `Retry-After` of a catalog that counts, in seconds. */
export const MAX_RETRY_AFTER_S = 5;

/** Incomplete replies of a catalog in a row; then it counts as unreachable. */
export const MAX_TRUNCATED_REPLIES = 5;

/** How long listed catalogs may keep a look-up waiting when the local one knows the name, in milliseconds. */
export const LISTED_CATALOGS_MS = 2_000;

/** How long the other listed catalogs are waited for once one knows the name, in milliseconds: they may disagree. */
export const OTHER_CATALOGS_MS = 250;

/** How often the local catalog is asked again while the listed ones are waited for, in milliseconds. */
export const LOCAL_LOOKUP_MS = 250;

/** Longest `/query.json` that is read, in bytes; a longer one counts as no answer. */
export const MAX_LISTING_BYTES = 32_000_000;

/** Longest single record of a catalog that is looked at, in bytes; a longer one is skipped. */
export const MAX_LISTED_RECORD_BYTES = 65_536;

/** How often a server tries to take over the local catalog, in milliseconds. */
export const LOCAL_CATALOG_RETRY_MS = 1_000;

/** Most time between two updates to the local catalog, in milliseconds: a new one knows all servers soon. */
export const LOCAL_ANNOUNCE_MS = 5_000;

/** Hash tables that are read of one listing; further ones are skipped. */
export const MAX_LISTED_SERVERS = 10_000;

/** Hash tables that `htclient --list` shows; of further ones it says how many. */
export const MAX_SHOWN_SERVERS = 1_000;

/** Time for one slice of reading a listing, in milliseconds: a server does that while it serves. */
export const LISTING_SLICE_MS = 2;

/**
 * Records of a catalog; beyond it, the newcomer heard from longest ago goes (`record_store.ts` says
 * which records are newcomers).
 */
export const MAX_CATALOG_RECORDS = 10_000;

/**
 * Records of a catalog with one source: an IPv4 address, or 64 bits of an IPv6 one, since whoever has
 * one has all with the same. Beyond it, the oldest newcomer of that source goes.
 */
export const MAX_RECORDS_PER_ADDRESS = 1_000;

/** Share of a catalog's records and characters that established ones may take; the rest is for newcomers. */
export const MAX_ESTABLISHED_SHARE = 0.75;

/** A record that is heard from again after so many seconds is no newcomer any more. */
export const ESTABLISHED_AFTER_S = 1;

/**
 * Bytes of updates that a catalog takes a second, the least that one counts for, and what one counts
 * for each millisecond that it takes to read. The kernel drops datagrams that come faster; updates by
 * TCP wait. `local` is that of the catalog in a server.
 */
export const CATALOG_UPDATE_LIMIT = {
  bytesPerS: 2_000_000,
  localBytesPerS: 500_000,
  minBytes: 1_000,
  bytesPerMs: 10_000,
} as const;

/**
 * Time that a catalog spends on questions, in milliseconds a second; further ones wait for their turn.
 * `local` is that of the catalog in a server.
 */
export const CATALOG_QUERY_MS_PER_S = { standalone: 500, local: 250 } as const;

/** Time for one slice of answering a question to a catalog, in milliseconds; then others have their turn. */
export const CATALOG_SLICE_MS = 2;

/** Characters of all records of a catalog (below `MAX_LISTING_BYTES`); beyond it, the oldest newcomers go. */
export const MAX_CATALOG_CHARS = 24_000_000;

/** Longest update that a catalog takes, in bytes, also once inflated; a longer one is dropped. */
export const MAX_UPDATE_BYTES = 65_535;

/** Deepest nesting in an update; a deeper one is dropped, since cctools reads records recursively. */
export const MAX_UPDATE_DEPTH = 16;

/** Members of an update's record; one with more is dropped. */
export const MAX_UPDATE_MEMBERS = 256;

/** Updates that a catalog inflates at once; one more is dropped. */
export const MAX_INFLATING = 32;

/** Names of senders' hosts that a catalog keeps; beyond it, the one looked up longest ago goes. */
export const MAX_HOST_NAMES = 4_096;

/** How long such a name is kept, in seconds, as cctools does. */
export const REVERSE_NAME_TTL_S = 300;

/** Such look-ups at once; an update that needs one more is listed by the name that it gives itself. */
export const MAX_REVERSE_LOOKUPS = 16;

/** How long an update waits for its sender's name, in milliseconds; then it is listed by its own. */
export const REVERSE_LOOKUP_MS = 2_000;

/** Connections that a catalog serves at once; further ones wait in the kernel's backlog. */
export const MAX_CATALOG_CONNECTIONS = 512;

/**
 * Of these, connections of one address, where 200 programs may look a name up at once. One more takes
 * the place of that address's oldest one that has asked nothing yet, or whose grace is over; if there
 * is none, it is answered 503 and asked to come back in a second.
 */
export const MAX_CATALOG_CONNECTIONS_PER_PEER = 256;

/** Connections that are answered so at once; one more takes the place of the oldest one. */
export const MAX_CATALOG_REJECTIONS = 64;

/** After this time, in milliseconds, a catalog cuts off its slowest connection when others wait. */
export const CATALOG_GRACE_MS = 2_000;

/** Time for a whole question or update over TCP to a catalog, in milliseconds; then it is cut off. */
export const CATALOG_EXCHANGE_MS = 30_000;

/** Longest head of an HTTP request to a catalog, in bytes; a longer one is answered 431. */
export const MAX_HTTP_HEAD_BYTES = 16_384;

/** Records of a catalog's reply that are no JSON and are skipped; with more of them it counts as no answer. */
export const MAX_BROKEN_RECORDS = 1_000;

/** Time of one slice of a checkpoint, in milliseconds: how long requests may wait because of it. */
export const CHECKPOINT_SLICE_MS = 1;

/** Pause between two slices of a checkpoint, in milliseconds: the share of time that is left to requests. */
export const CHECKPOINT_PAUSE_MS = 5;

/** Bytes of a checkpoint between two syncs of it: larger ones would hold up the log's. */
export const CHECKPOINT_SYNC_BYTES = 4_000_000;

/**
 * How long after its limit a call may end, in milliseconds: a search that ends at the limit has this
 * time to say why it found nothing.
 */
export const CALL_GRACE_MS = 20;

/**
 * Characters of requests that a client hands to a connection while it does not take them; further requests
 * wait in the client, where they are forgotten if their limit passes.
 */
export const MAX_UNWRITTEN_CHARS = 1_000_000;

/** Longest time that a timer can be set to, in milliseconds; a larger one would fire at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/**
 * Time from one look whether the data folder and the files in it are still this server's to the next,
 * in milliseconds. A look takes some 25 microseconds.
 */
export const FOLDER_CHECK_MS = 1_000;
