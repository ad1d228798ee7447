/** The limits of a server that flags change: one list for the flags, `info` and the documents. */
import { type Command, Option } from "@commander-js/extra-typings";
import { UsageError } from "../base/errors.ts";
import {
  BUFFER_MEMORY_SHARE,
  IDLE_TIMEOUT_MS,
  MAX_CLIENTS,
  MAX_CLIENTS_PER_ADDRESS,
  MAX_CONNECTS_PER_SECOND,
  MAX_CURSORS,
  MAX_IN_FLIGHT,
  MAX_LINE_BYTES,
  MAX_REPLY_BUFFER_BYTES,
  MAX_REPLY_BYTES,
  MAX_REQUEST_BYTES,
  MAX_SCAN_MS,
  MAX_STORE_SCAN_MS,
  MAX_TABLE_BYTES,
  MIN_LINE_BYTES,
  MIN_TABLE_BYTES,
  REQUEST_TIMEOUT_MS,
  RUNTIME_BYTES,
  TABLE_MEMORY_SHARE,
} from "../base/limits.ts";
import { type FlagReader, integer, seconds, size, sizeText } from "./units.ts";

/** A limit that a flag changes. */
interface LimitFlag {
  /** With its argument, such as `--max-clients <n>`. */
  readonly flags: string;
  /** The bounded quantity, and what happens beyond the bound. */
  readonly effect: string;
  readonly read: FlagReader<number>;
  readonly usual: number | ((of: DefaultInputs) => number);
  /** The default in `--help` if it is not a plain number. */
  readonly usualText?: string;
}

/** The inputs of a computed default. */
interface DefaultInputs {
  /** Memory of the machine for this process. */
  readonly memoryBytes: number;
  /** The limits that precede this one in the list. */
  readonly limits: Readonly<Record<string, number>>;
}

const MAX_SECONDS = 31_536_000;

/** Smallest `--max-buffers`, in bytes: a few requests and replies of usual size. */
const MIN_BUFFER_BYTES = 1_000_000;

/** Reads seconds, or off; returns milliseconds. */
function secondsOrOff(text: string): number {
  return text === "off" ? Infinity : milliseconds(text);
}

function milliseconds(text: string): number {
  return seconds(0.05, MAX_SECONDS)(text) * 1e3;
}

const line = size(MIN_LINE_BYTES, MAX_LINE_BYTES);

const FLAGS = {
  maxClients: {
    flags: "--max-clients <n>",
    effect: "connected clients; a further one gets Busy",
    read: integer(1, 1_000_000),
    usual: MAX_CLIENTS,
  },
  maxClientsPerAddress: {
    flags: "--max-clients-per-address <n>",
    effect: "clients of one address (IPv6: /64 network); a further one gets Busy",
    read: integer(1, 1_000_000),
    usual: MAX_CLIENTS_PER_ADDRESS,
  },
  maxConnectsPerSecond: {
    flags: "--max-connect-rate <n>",
    effect: "connects per second from one address; further ones get Busy",
    read: integer(1, 1_000_000),
    usual: MAX_CONNECTS_PER_SECOND,
  },
  maxRequestBytes: {
    flags: "--max-request <size>",
    effect: "longest request line; a longer one is TooLarge",
    read: line,
    usual: MAX_REQUEST_BYTES,
    usualText: "16 MiB",
  },
  maxReplyBytes: {
    flags: "--max-reply <size>",
    effect: "longest reply; a longer one is TooLarge, and nothing changes",
    read: line,
    usual: MAX_REPLY_BYTES,
    usualText: "64 MiB",
  },
  maxOutputBytes: {
    flags: "--max-output <size>",
    effect: "waiting replies of a client; beyond it, no more requests are executed",
    read: line,
    usual: MAX_REPLY_BUFFER_BYTES,
    usualText: sizeText(MAX_REPLY_BUFFER_BYTES),
  },
  maxOutputHardBytes: {
    flags: "--max-output-hard <size>",
    effect: "waiting replies of a client; beyond it, the client is disconnected",
    read: size(MIN_LINE_BYTES),
    usual: ({ limits: { maxReplyBytes = 0, maxOutputBytes = 0 } }) =>
      maxReplyBytes + maxOutputBytes,
    usualText: "--max-reply and --max-output together",
  },
  maxBufferBytes: {
    flags: "--max-buffers <size>",
    effect:
      "partial requests and waiting replies of all clients; beyond it, the client with the most is disconnected",
    read: size(MIN_BUFFER_BYTES),
    usual: ({ memoryBytes, limits: { maxRequestBytes = 0, maxOutputHardBytes = 0 } }) =>
      Math.max(Math.floor(memoryBytes * BUFFER_MEMORY_SHARE), maxRequestBytes + maxOutputHardBytes),
    usualText:
      "an eighth of the memory of the machine or container, or room for one request and replies",
  },
  maxTableBytes: {
    flags: "--max-memory <size>",
    effect: "memory of the table; beyond it, inserts are TableFull",
    read: size(MIN_TABLE_BYTES, MAX_TABLE_BYTES),
    usual: ({ memoryBytes }) =>
      Math.min(
        Math.max(Math.floor((memoryBytes - RUNTIME_BYTES) * TABLE_MEMORY_SHARE), MIN_TABLE_BYTES),
        MAX_TABLE_BYTES,
      ),
    usualText: "half of the memory of the machine or container beyond 80MB",
  },
  maxInFlight: {
    flags: "--max-in-flight <n>",
    effect: "requests of a client that are executed before their replies are written",
    read: integer(1, 1_000_000),
    usual: MAX_IN_FLIGHT,
  },
  maxCursors: {
    flags: "--max-cursors <n>",
    effect: "open cursors of a client; a further one closes the least recently used",
    read: integer(1, 10_000),
    usual: MAX_CURSORS,
  },
  maxScanMs: {
    flags: "--max-scan-time <s>",
    effect:
      "seconds for a scan or query without limit; other clients wait meanwhile, but not with --store",
    read: milliseconds,
    usual: MAX_SCAN_MS,
    usualText: `${MAX_SCAN_MS / 1e3}, with --store ${MAX_STORE_SCAN_MS / 1e3}`,
  },
  idleTimeoutMs: {
    flags: "--idle-timeout <s>",
    effect: "seconds until an idle client is disconnected, or off",
    read: secondsOrOff,
    usual: IDLE_TIMEOUT_MS,
    usualText: String(IDLE_TIMEOUT_MS / 1e3),
  },
  requestTimeoutMs: {
    flags: "--request-timeout <s>",
    effect: "seconds for the rest of a request, for reading some of the replies, and for the token",
    read: milliseconds,
    usual: REQUEST_TIMEOUT_MS,
    usualText: String(REQUEST_TIMEOUT_MS / 1e3),
  },
} satisfies Record<string, LimitFlag>;

type LimitName = keyof typeof FLAGS;

/** The limits of a server. Times are in milliseconds, sizes in bytes. */
export type Limits = { readonly [name in LimitName]: number };

const NAMES = Object.keys(FLAGS) as LimitName[];

/** The documentation of a limit. */
interface LimitText {
  /** With its argument. */
  readonly flags: string;
  readonly effect: string;
  readonly usual: string;
  /** Its name in the `limits` of `info`. */
  readonly inInfo: string;
}

/** Documents each limit. */
export function limitTexts(): LimitText[] {
  return NAMES.map((name) => {
    const { flags, effect, usual, usualText }: LimitFlag = FLAGS[name];
    return { flags, effect, usual: usualText ?? String(usual), inInfo: nameForInfo(name) };
  });
}

/** Adds the flags of all limits to a command. */
export function addLimitFlags(command: Command): void {
  for (const name of NAMES) {
    const { flags, effect, read, usual, usualText }: LimitFlag = FLAGS[name];
    const text = `${effect} (default: ${usualText ?? String(usual)})`;
    command.addOption(new Option(flags, text).argParser(read).helpGroup("Limits:"));
  }
}

/**
 * Computes all limits: the given ones, and the defaults of the others.
 *
 * @param given the parsed flags, by the names of commander
 * @param memoryBytes memory of the machine for this process
 * @throws {UsageError} if two limits contradict each other
 */
export function limitsFrom(
  given: Readonly<Record<string, unknown>>,
  memoryBytes: number,
): Limits {
  const limits: Record<string, number> = {};
  for (const name of NAMES) {
    const { flags, usual }: LimitFlag = FLAGS[name];
    const value = given[new Option(flags).attributeName()];
    limits[name] = typeof value === "number"
      ? value
      : typeof usual === "number"
      ? usual
      : usual({ memoryBytes, limits });
  }
  const all = limits as Limits;
  if (all.maxOutputHardBytes < all.maxOutputBytes) {
    throw new UsageError(
      `--max-output-hard must be at least --max-output, which is ${
        sizeText(all.maxOutputBytes)
      }, not ${sizeText(all.maxOutputHardBytes)}`,
    );
  }
  const minBytes = all.maxRequestBytes + all.maxOutputHardBytes;
  if (all.maxBufferBytes < minBytes) {
    throw new UsageError(
      `--max-buffers must be at least --max-request and --max-output-hard together, which are ${
        sizeText(minBytes)
      }, not ${sizeText(all.maxBufferBytes)}`,
    );
  }
  return all;
}

/** Formats the limits for `info`; null means no limit. */
export function limitsForInfo(limits: Limits): Record<string, number | null> {
  return Object.fromEntries(NAMES.map((name) => {
    const value = name.endsWith("Ms") ? limits[name] / 1e3 : limits[name];
    return [nameForInfo(name), Number.isFinite(value) ? value : null];
  }));
}

function nameForInfo(name: LimitName): string {
  return name.replace(/Ms$/, "S").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
