/**
 * The bounds of the server, its clients and its catalogs: unit, default, and what happens at each (I5).
 *
 * Sizes count in powers of 1,000, except those that the wire protocol states in MiB. Flags that change
 * a bound are in `config/`; the other bounds are fixed.
 *
 * One file because a reader must find these bounds in one list. Bounds of one parser are in its file.
 */

const MIB = 1024 * 1024;

// Requests and replies

/** Longest request line, in bytes without its line end. A longer one is discarded; the reply is `TooLarge`. */
export const MAX_REQUEST_BYTES = 16 * MIB;

/** Longest reply, in bytes. A larger result is `TooLarge`, and the request changes nothing. */
export const MAX_REPLY_BYTES = 64 * MIB;

/** Smallest `--max-reply` and `--max-request`, in bytes: every error message and `info` must fit. */
export const MIN_LINE_BYTES = 4_000;

/** Largest `--max-reply` and `--max-request`, in bytes: V8 strings end at about 536 million characters. */
export const MAX_LINE_BYTES = 256_000_000;

/** Longest `agent` of a `hello`, in characters. A longer one is a `ValueError`. */
export const MAX_AGENT_CHARS = 64;

/** Agents by which a server counts its connections. Connections of further agents are not counted. */
export const MAX_AGENTS = 1_000;

// Admission: which clients a server accepts

/** Connected clients. The next one gets one `Busy` reply and is closed. */
export const MAX_CLIENTS = 12_000;

/** Connected clients from one address (IPv6: one /64 network). The next one from there gets `Busy`. */
export const MAX_CLIENTS_PER_ADDRESS = 11_000;

/** Connects from one address per second, on average. Further ones get `Busy`. */
export const MAX_CONNECTS_PER_SECOND = 2_000;

/** Connects that an address may make at once after a quiet time, in seconds of that average. */
export const CONNECT_BURST_S = 10;

/**
 * Addresses whose connects and wrong tokens a server remembers. At the bound it forgets the one that
 * has been quiet for longest.
 */
export const MAX_ADDRESSES = 20_000;

/**
 * Connections that the kernel queues until the server accepts them. It drops further ones, which try
 * again after a second.
 */
export const LISTEN_BACKLOG = 4_096;

/**
 * Files that must stay free. After the system has refused to open a file, the server accepts fewer clients
 * by this number.
 */
export const MIN_FREE_FILES = 128;

/**
 * A full server accepts one more connection, the reserved admin connection: from its own machine, for
 * `hello` or `info`. It must send one of them within this time, in milliseconds, or it gets `Busy`.
 */
export const ADMIN_REQUEST_MS = 250;

/** After this time without a request, in milliseconds, the next admin connection replaces this one. */
export const ADMIN_IDLE_MS = 1_000;

/** Longest line of a client that has not sent its token yet, in bytes. A longer one is `TooLarge`. */
export const MAX_HANDSHAKE_BYTES = 16_384;

/** Delay of the reply to an address' first wrong token, in milliseconds. Each further one doubles it. */
export const FIRST_AUTH_DELAY_MS = 100;

/** Longest such delay, in milliseconds. */
export const MAX_AUTH_DELAY_MS = 1_000;

/** After this time without a wrong token, in milliseconds, an address starts with the first delay again. */
export const AUTH_FAILURES_TTL_MS = 60_000;

/** Replies that are delayed at the same time. Further ones are not delayed. */
export const MAX_DELAYED_AUTH_REPLIES = 1_000;

/** Time that a rejected client has to read the reason, in milliseconds. */
export const LINGER_MS = 1_000;

/** Rejected clients that may read their reason at the same time. Further ones are closed at once. */
export const MAX_LINGERING = 100;

// Bytes that clients hold in buffers

/**
 * Replies that wait for one slow reader, in bytes. At the bound, the server neither executes nor reads
 * requests of that client until the client takes some replies. The last reply may pass the bound, so a
 * slow reader holds at most this plus one reply (`MAX_REPLY_BYTES`).
 */
export const MAX_REPLY_BUFFER_BYTES = 1_000_000;

/**
 * Default share of the machine's memory for partial requests and waiting replies of all clients. Beyond
 * it, the client that holds the most bytes is disconnected.
 */
export const BUFFER_MEMORY_SHARE = 0.125;

/** Bytes of each client that do not count towards that share: the size of the smallest buffers. */
export const UNCOUNTED_BUFFER_BYTES = 8_192;

/** Requests of one client that are executed before its replies are written. */
export const MAX_IN_FLIGHT = 1_024;

/** First and largest size of a connection's read buffer, in bytes. It grows when a read fills it. */
export const READ_BUFFER_BYTES = { first: 1_024, largest: 64 * 1024 } as const;

/** Reads in a row that hardly use a grown read buffer; then it is released. */
export const SMALL_READS_TO_SHRINK = 8;

/** Small chunks that are kept for the next replies until the next sweep. Further ones are freed at once. */
export const MAX_SPARE_CHUNKS = 64;

/**
 * Memory that is retained for the next long lines and replies, in bytes. A free segment is released at
 * once if more of it was in use. Otherwise, a sweep (`SWEEP_MS`) releases it when it is mostly unused.
 */
export const MAX_SPARE_LARGE_BYTES: number = 32 * MIB;

// Timeouts of connections

/** A client that sends and reads nothing for this long is disconnected, in milliseconds. */
export const IDLE_TIMEOUT_MS = 3_600_000;

/** Time for the rest of a partial request, and for reading any waiting reply, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 120_000;

/** Longest time between two checks of all connections for these timeouts, in milliseconds. */
export const SWEEP_MS = 500;

/** Time that a stopping server gives clients to read their replies, in milliseconds. */
export const DRAIN_MS = 1_000;

// Fairness: how long one client may keep others waiting

/** Requests of one slice: one client's requests in a row. Then the next client gets a slice. */
export const MAX_BATCH_REQUESTS = 64;

/** Time of a slice and of a batch, in milliseconds. Then the next client gets a slice. */
export const MAX_BATCH_MS = 4;

/** Replies of one slice, in bytes. Then the next client gets a slice. */
export const MAX_BATCH_REPLY_BYTES = 65_536;

/**
 * Long requests and replies that are executed at once in one round of the event loop, in bytes. Further
 * requests are queued for the next round.
 */
export const MAX_IMMEDIATE_BYTES = 1_000_000;

/** Bytes that each client counts towards that bound, beside those of its requests and replies. */
export const CLIENT_OVERHEAD_BYTES = 512;

/** Clients with little work that overtake a client with much work, in a row. */
export const QUICK_PER_SLOW = 64;

/** A scan or query below this time, in milliseconds, counts as little work. One part takes less. */
export const QUICK_SEARCH_MS = 5;

/** A connection whose read or write has at least this many bytes may have more to do at once. */
export const BULK_BYTES = 16_384;

/**
 * Time that the process works without polling the sockets, in milliseconds. Then it yields until all
 * sockets were polled.
 */
export const MAX_BUSY_MS = 4;

// Garbage collection after many clients have left

/** Clients that must have left before their garbage is collected. A collection takes about 50 ms. */
export const IDLE_GC_CLIENTS = 1_000;

/** Time from the last disconnect to such a collection, in milliseconds: clients leave in waves. */
export const IDLE_GC_QUIET_MS = 3_000;

/** Shortest time between two such collections, in milliseconds. */
export const IDLE_GC_PAUSE_MS = 10_000;

// Table

/**
 * Memory of a process with an empty table, in bytes: 56 MB are resident at the start, and the garbage
 * collector needs some.
 */
export const RUNTIME_BYTES = 80_000_000;

/** Default share of the remaining memory for keys and values. Beyond it, an insert gets `TableFull`. */
export const TABLE_MEMORY_SHARE = 0.5;

/** Smallest `--max-memory`, in bytes. */
export const MIN_TABLE_BYTES = 100_000;

/** Largest `--max-memory`, in bytes: the arena's addresses reach no further (`arena.ts`). */
export const MAX_TABLE_BYTES = 32 * 1024 * MIB;

/**
 * Entries from this size on have a memory segment of their own, in bytes. It returns to the system with
 * the entry. Smaller entries share segments, which return when they are entirely free.
 */
export const LARGE_ENTRY_BYTES: number = 4 * MIB;

// Scans and queries

/**
 * Open cursors of one connection, about 100 bytes each. At the bound, a new one replaces the least
 * recently used one.
 */
export const MAX_CURSORS = 16;

/** Keys that one part of a scan with `limit` visits. Then the part ends, perhaps empty. */
export const SCAN_PART_KEYS = 4_000;

/** Time for one part of a scan with `limit`, in milliseconds. Then the part ends, perhaps empty. */
export const SCAN_PART_MS = 2;

/**
 * Time for a scan without `limit`, in milliseconds; the server serves no other client meanwhile. Beyond
 * it, the reply is `TooLarge`. It is checked between two keys.
 */
export const MAX_SCAN_MS = 5_000;

/** Longest regex, in characters. A longer one is a `ValueError`. */
export const MAX_REGEX_CHARS = 2_000;

/**
 * Largest cost of a regex, in instructions, as estimated before it is compiled. A more expensive one is
 * a `ValueError`. One of this cost takes about 20 ms to compile.
 */
export const MAX_REGEX_INSTRUCTIONS = 2_000;

/** Compiled regexes in the cache. At the bound, the least recently used one is dropped. */
export const MAX_CACHED_REGEXES = 64;

/** Instructions of all cached regexes, about 300 bytes each. At the bound, the oldest are dropped. */
export const MAX_CACHED_REGEX_INSTRUCTIONS = 20_000;

/**
 * Memory for the automaton of one regex, in bytes. A regex that needs more is matched without one, which
 * takes longer for each character.
 */
export const MAX_AUTOMATON_BYTES = 128_000;

/**
 * Steps for one key in a scan without `limit`: instructions of the regex times bytes of the key. This
 * many take at most 0.25 s. A scan with a key that needs more is a `ValueError`. A regex that is plain
 * text counts one instruction for each 50 characters.
 */
export const MAX_MATCH_STEPS = 10_000_000;

/** The same in a scan with `limit`: at most 5 ms. */
export const MAX_PART_MATCH_STEPS = 200_000;

// A table in a shared store

/** Requests of one client that the store executes at the same time. Further ones wait. */
export const MAX_STORE_REQUESTS = 64;

/** Bytes of these requests. The last one may pass it. */
export const MAX_STORE_REQUEST_BYTES = 262_144;

/**
 * Values that have come before the reply's turn, in bytes: of one client, and of all. A further one is
 * dropped, and asked for again.
 */
export const MAX_EARLY_BYTES = { client: 262_144, all: 64_000_000 } as const;

/** Scans and queries without and with `limit` that run at the same time. Further ones wait. */
export const MAX_STORE_SEARCHES = { whole: 2, parts: 16 } as const;

/**
 * Keys that such a search holds, in bytes, and as many bytes of values. Further ones are asked for later. One
 * key and one value may be longer.
 */
export const STORE_SEARCH_BYTES = { whole: 4_000_000, part: 1_000_000 } as const;

/**
 * Pairs of a part of such a search with `limit`, in bytes: once it has more, the part ends with a cursor. The last
 * pair may pass it. So all parts hold 16 times as much at most, and replies that wait to be sent count for
 * their connections.
 */
export const STORE_PART_PAIR_BYTES = 4_000_000;

/**
 * Default time for a scan without `limit` over a shared store, in milliseconds. All keys cross the network,
 * and other clients are served meanwhile.
 */
export const MAX_STORE_SCAN_MS = 30_000;

/** Time between two counts of the keys in a shared store, in milliseconds, if no client asks for the size. */
export const STORE_SIZE_REFRESH_MS = 5_000;

/** Time between two looks whether a shared store still has the table, in milliseconds. */
export const STORE_TABLE_CHECK_MS = 3_000;

// Logs and measurements of requests

/** Slowest requests since the start that `info` lists. */
export const MAX_SLOW_LOG_ENTRIES = 16;

/**
 * Requests from this size on, in bytes of the request or of its entry, are timed for that list. Searches
 * always are.
 */
export const MIN_TIMED_BYTES = 16_384;

/** Requests that take longer are marked as slow in the log lines of `--debug`, in milliseconds. */
export const SLOW_REQUEST_MS = 50;

/** Log lines that wait for a slow reader of stderr, in characters. Further lines are dropped and counted. */
export const MAX_LOG_CHARS = 4_000_000;

/** Time that an ending program waits for the reader of its log, in milliseconds. */
export const LOG_FLUSH_MS = 200;

// Storage

/** Time of one slice of a checkpoint, in milliseconds: requests wait at most this long for it. */
export const CHECKPOINT_SLICE_MS = 1;

/** Pause between two slices of a checkpoint, in milliseconds: the time that is left to requests. */
export const CHECKPOINT_PAUSE_MS = 5;

/** Bytes of a checkpoint between two syncs of its file: more would delay the log's syncs. */
export const CHECKPOINT_SYNC_BYTES = 4_000_000;

/**
 * Time between two checks that the data folder and its files are still this server's, in milliseconds.
 * One takes about 25 microseconds.
 */
export const FOLDER_CHECK_MS = 1_000;

// Client library

/**
 * Silence of a server, in milliseconds, after which the client probes its address with another
 * connection.
 */
export const SILENT_PROBE_MS = 3_000;

/** Time for that connection, in milliseconds. Then the client looks for the server elsewhere. */
export const PROBE_CONNECT_MS = 3_500;

/** Addresses that a client tries after one lookup, the newest first. Further ones are ignored. */
export const MAX_CANDIDATES = 64;

/**
 * Time after its limit within which a call ends, in milliseconds. A search that ends at the limit needs
 * this time to report why it found nothing.
 */
export const CALL_GRACE_MS = 20;

/**
 * Requests that a client writes to a connection whose server does not read them, in bytes. Further
 * requests stay in the client, which drops those whose time limit passes.
 */
export const MAX_UNWRITTEN_BYTES = 1_000_000;

/** Longest time of a timer, in milliseconds. A timer with a longer time fires at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

// A server in its catalogs

/** Longest project and owner name, in characters. A longer one is rejected at the start. */
export const MAX_NAME_CHARS = 128;

/** Longest record of a server, in bytes. Larger datagrams get lost, so the record omits addresses. */
export const MAX_ANNOUNCEMENT_BYTES = 1_199;

/** Addresses of a server's own interfaces in its record. Further ones are omitted. */
export const MAX_ANNOUNCED_ADDRESSES = 8;

/** Time for the lookup of a catalog's host name, in milliseconds. Then it counts as unreachable for now. */
export const CATALOG_DNS_MS = 5_000;

/** Time from an update until the server looks itself up in the catalogs, in milliseconds. */
export const READ_BACK_AFTER_MS = 1_000;

/** Times after the first update at which a missing one is sent again, in milliseconds. */
export const RESEND_AFTER_MS = [2_000, 5_000, 15_000] as const;

/** Shortest time between two regular lookups of itself, in milliseconds: a listing may have a megabyte. */
export const MIN_READ_BACK_MS = 10_000;

/** Time for which a server looks for others of its name before its first update, in milliseconds. */
export const FIRST_NAME_CHECK_MS = 1_000;

/** Time for another server of the name to reply to `hello`, in milliseconds. */
export const OTHER_SERVER_REPLY_MS = 2_000;

/** Longest reply to that `hello`, in characters. */
export const MAX_HELLO_REPLY_CHARS = 1_000_000;

/** Addresses of other servers of the name that one check tries. */
export const MAX_OTHER_SERVERS = 16;

/** Time between two comparisons of the server's own addresses, in milliseconds: DHCP may change them. */
export const ADDRESS_CHECK_MS = 3_000;

/** IP addresses of one catalog's name that get updates. Further ones get none. */
export const MAX_CATALOG_IPS = 8;

/** Time for the removal of the record from all catalogs together, in milliseconds. */
export const GOODBYE_MS = 300;

/** Time between two attempts of a server to take over the local catalog, in milliseconds. */
export const LOCAL_CATALOG_RETRY_MS = 1_000;

/** Longest time between two updates to the local catalog, in milliseconds: a new one fills quickly. */
export const LOCAL_ANNOUNCE_MS = 5_000;

// Queries to catalogs

/** Time for one query to a catalog, in milliseconds. Then it counts as unreachable. */
export const CATALOG_QUERY_MS = 5_000;

/** Time for which a catalog that replies "busy" is queried again, in milliseconds. Then it counts as unreachable. */
export const BUSY_CATALOG_MS = 20_000;

/** Pauses between these queries, in milliseconds. They double up to the largest, with jitter. */
export const BUSY_CATALOG_PAUSE_MS = { first: 100, largest: 2_000 } as const;

/** Longest `Retry-After` of a catalog that is respected, in seconds. */
export const MAX_RETRY_AFTER_S = 5;

/** Truncated replies of a catalog in a row. Then it counts as unreachable. */
export const MAX_TRUNCATED_REPLIES = 5;

/** Time that a lookup waits for listed catalogs if the local one has the name, in milliseconds. */
export const LISTED_CATALOGS_MS = 2_000;

/** Time that a lookup waits for the other listed catalogs once one has the name, in milliseconds: they may disagree. */
export const OTHER_CATALOGS_MS = 250;

/** Time between two queries to the local catalog while a lookup waits for the listed ones, in milliseconds. */
export const LOCAL_LOOKUP_MS = 250;

/** Longest `/query.json`, in bytes. A longer one counts as no reply. */
export const MAX_LISTING_BYTES = 32_000_000;

/** Longest record in a listing, in bytes. A longer one is skipped. */
export const MAX_LISTED_RECORD_BYTES = 65_536;

/** Records in a listing that are not JSON and are skipped. With more of them it counts as no reply. */
export const MAX_BROKEN_RECORDS = 1_000;

/** Hash tables that are read from one listing. Further ones are skipped. */
export const MAX_LISTED_SERVERS = 10_000;

/** Hash tables that `htclient --list` shows. It counts the further ones. */
export const MAX_SHOWN_SERVERS = 1_000;

/** Time of one slice of reading a listing, in milliseconds: a server reads it while it serves. */
export const LISTING_SLICE_MS = 2;

// A catalog server

/**
 * Records of a catalog. At the bound, the newcomer with the oldest update is removed (`record_store.ts`
 * defines newcomers).
 */
export const MAX_CATALOG_RECORDS = 10_000;

/**
 * Records of a catalog from one source: an IPv4 address, or the first 64 bits of an IPv6 address, because
 * a host has all addresses that share them. At the bound, its oldest newcomer is removed.
 */
export const MAX_RECORDS_PER_ADDRESS = 1_000;

/** Share of a catalog's records and characters for established records. The rest is for newcomers. */
export const MAX_ESTABLISHED_SHARE = 0.75;

/** A record with a second update this many seconds after the first one is established. */
export const ESTABLISHED_AFTER_S = 1;

/** Characters of all records (below `MAX_LISTING_BYTES`). At the bound, the oldest newcomers are removed. */
export const MAX_CATALOG_CHARS = 24_000_000;

/**
 * Updates that a catalog accepts, in bytes per second (`localBytesPerS` for the catalog in a server). An
 * update counts at least `minBytes`, and `bytesPerMs` for each millisecond that reading it takes. The
 * kernel drops datagrams that come faster; updates by TCP wait.
 */
export const CATALOG_UPDATE_LIMIT = {
  bytesPerS: 2_000_000,
  localBytesPerS: 500_000,
  minBytes: 1_000,
  bytesPerMs: 10_000,
} as const;

/**
 * Time that a catalog spends on queries, in milliseconds per second (`local` for the catalog in a
 * server). Further queries wait.
 */
export const CATALOG_QUERY_MS_PER_S = { standalone: 500, local: 250 } as const;

/** Time of one slice of replying to a query, in milliseconds. Then the catalog serves other connections. */
export const CATALOG_SLICE_MS = 2;

/** Longest update that a catalog accepts, in bytes, also after inflation. A longer one is dropped. */
export const MAX_UPDATE_BYTES = 65_535;

/** Deepest nesting of an update. A deeper one is dropped, because cctools reads records recursively. */
export const MAX_UPDATE_DEPTH = 16;

/** Members of an update's record. One with more is dropped. */
export const MAX_UPDATE_MEMBERS = 256;

/** Updates that a catalog inflates at the same time. A further one is dropped. */
export const MAX_INFLATING = 32;

/** Cached names of senders' hosts. At the bound, the one with the oldest lookup is removed. */
export const MAX_HOST_NAMES = 4_096;

/** Time for which such a name is cached, in seconds, as in cctools. */
export const REVERSE_NAME_TTL_S = 300;

/** Such lookups at the same time. A further update is listed by the name that it contains. */
export const MAX_REVERSE_LOOKUPS = 16;

/** Time that an update waits for its sender's name, in milliseconds. Then it is listed by its own. */
export const REVERSE_LOOKUP_MS = 2_000;

/** Connections that a catalog serves at the same time. Further ones wait in the kernel's backlog. */
export const MAX_CATALOG_CONNECTIONS = 512;

/**
 * Of these, connections from one address: 200 programs of a machine may look a name up at once. A further
 * one replaces that address's oldest connection that has sent no query or has passed its grace. If the
 * address has no such connection, the reply is 503 with a retry after a second.
 */
export const MAX_CATALOG_CONNECTIONS_PER_PEER = 256;

/** Connections that get this 503 at the same time. A further one replaces the oldest one. */
export const MAX_CATALOG_REJECTIONS = 64;

/** After this time, in milliseconds, a catalog closes its slowest connection if others wait. */
export const CATALOG_GRACE_MS = 2_000;

/** Time for a whole query or update over TCP, in milliseconds. Then the connection is closed. */
export const CATALOG_EXCHANGE_MS = 30_000;

/** Longest head of an HTTP request to a catalog, in bytes. The reply to a longer one is 431. */
export const MAX_HTTP_HEAD_BYTES = 16_384;
