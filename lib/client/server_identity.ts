/**
 * What a server says of itself in its reply to `hello`, which of several live servers of one name a
 * client uses, and whether a server has the table that a client has worked with.
 */
import { type Address, addressText } from "../base/address.ts";

/** The table of a server: plain data, so that other processes can look for the same one. */
export interface TableIdentity {
  /** Made with the data; new at each start of a server that keeps nothing. */
  readonly table: string;
  /** Number of the last durable change that a client has seen. */
  readonly seq: number;
  /** Whether several servers serve it from one store. */
  readonly isShared: boolean;
}

/** A live server. */
export interface ServerIdentity {
  readonly address: Address;
  /** The process; its address if it has none. */
  readonly instance: string;
  /** Undefined for servers of older versions. */
  readonly table: TableIdentity | undefined;
  /** Seconds since its start. */
  readonly uptimeS: number;
  /** Whether it was started to serve a name that another server had. */
  readonly isTakeover: boolean;
}

/** Reads the result of `hello`, as parsed; whatever is missing or odd counts as not there. */
export function serverIdentity(hello: unknown, address: Address): ServerIdentity {
  const members = new Map<string, unknown>(
    typeof hello === "object" && hello !== null ? Object.entries(hello) : [],
  );
  const instance = members.get("instance");
  const table = members.get("table");
  const features = members.get("features");
  return {
    address,
    instance: typeof instance === "string" ? instance : addressText(address),
    table: typeof table !== "string" ? undefined : {
      table,
      seq: numberOr0(members.get("seq")),
      isShared: Array.isArray(features) && features.includes("shared"),
    },
    uptimeS: numberOr0(members.get("uptime_s")),
    isTakeover: members.get("takeover") === true,
  };
}

/**
 * Why a server does not have the table that was worked with, in a few words; undefined if it has it,
 * or if nothing is known of the table that was worked with.
 */
export function tableDifference(
  { table: found }: ServerIdentity,
  known: TableIdentity | undefined,
): string | undefined {
  if (known === undefined) return undefined;
  if (found === undefined) return "does not say which table it has";
  if (found.table !== known.table) return "has another table";
  if (found.isShared || found.seq >= known.seq) return undefined;
  return `has an older state of the table (change ${found.seq}, after ${known.seq} was durable)`;
}

/** What to work with from now on: the table of a server, and the newest state of it that was seen. */
export function newestOf(
  known: TableIdentity | undefined,
  found: TableIdentity | undefined,
): TableIdentity | undefined {
  if (found === undefined || known?.table !== found.table) return found;
  return { ...found, seq: Math.max(known.seq, found.seq) };
}

/**
 * Chooses among the live servers of a name.
 *
 * @param live at least one, in the order of their answers; no instance twice
 * @returns the one to use, and sentences for the user if there should not be several
 */
export function chooseServer<Server extends ServerIdentity>(
  project: string,
  live: readonly [Server, ...Server[]],
): { readonly chosen: Server; readonly warnings: readonly string[] } {
  const [first] = live;
  const haveSameTable = live.every(({ table }) =>
    table?.isShared === true && table.table === first.table?.table
  );
  if (haveSameTable) return { chosen: first, warnings: [] };
  const chosen = live.reduce((best, one) => comesBefore(one, best) ? one : best);
  const others = live.filter((one) => one !== chosen);
  return { chosen, warnings: others.map((other) => twinWarning(project, chosen, other)) };
}

function comesBefore(one: ServerIdentity, other: ServerIdentity): boolean {
  if (one.isTakeover !== other.isTakeover) return one.isTakeover;
  return one.uptimeS > other.uptimeS;
}

function twinWarning(project: string, used: ServerIdentity, other: ServerIdentity): string {
  const why = used.isTakeover && !other.isTakeover
    ? "which was started with --takeover"
    : "which has run longer";
  return `Two live servers are named '${project}': using ${
    addressText(used.address)
  }, ${why}, not ${addressText(other.address)}; give each server a name of its own`;
}

function numberOr0(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
