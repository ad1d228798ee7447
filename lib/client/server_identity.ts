/**
 * The identity of a server, from its reply to `hello`. It decides which of several live servers of one
 * name a client uses, and whether a server has the table that the client has used so far.
 */
import { type Address, addressText } from "../base/address.ts";

/** The identity of a server's table: plain data, which another process can use to find the table. */
export interface TableIdentity {
  /** A random string that stays with the data; new at each start of a server without a data folder. */
  readonly table: string;
  /** Number of the last durable change at the time of the connection. */
  readonly seq: number;
  /** Whether several servers serve this table from one store. */
  readonly isShared: boolean;
}

/** A live server. */
export interface ServerIdentity {
  readonly address: Address;
  /** Identity of the process; its address if it sends none. */
  readonly instance: string;
  /** Undefined for servers of older versions. */
  readonly table: TableIdentity | undefined;
  /** Seconds since the start of the server. */
  readonly uptimeS: number;
  /** Whether it was started with `--takeover`, to serve the name of another server. */
  readonly isTakeover: boolean;
}

/** Reads the parsed result of `hello`. A member of another type counts as missing. */
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
 * Describes how a server's table differs from the known one, as the end of a sentence. The result is
 * undefined if it does not differ, or if no table is known.
 */
export function tableDifference(
  { table }: ServerIdentity,
  known: TableIdentity | undefined,
): string | undefined {
  if (known === undefined) return undefined;
  if (table === undefined) return "does not report the identity of its table";
  if (table.table !== known.table) return "has another table";
  if (table.isShared || table.seq >= known.seq) return undefined;
  return `has an older state of the table (change ${table.seq}, after ${known.seq} was durable)`;
}

/** Returns the table of a server, with the higher number of both, for the next comparison. */
export function newestTable(
  known: TableIdentity | undefined,
  table: TableIdentity | undefined,
): TableIdentity | undefined {
  if (table === undefined || known?.table !== table.table) return table;
  return { ...table, seq: Math.max(known.seq, table.seq) };
}

/**
 * Chooses among the live servers of a name: the best one, or at random one that shares its table, so
 * that many clients spread evenly over the servers of a table.
 *
 * @param live at least one, in the order of their replies; no instance twice
 * @param random returns a number from 0 to below 1 (default: `Math.random`)
 * @returns the server to use; all servers of its table, itself included; and a warning for each other one
 */
export function chooseServer<Server extends ServerIdentity>(
  project: string,
  live: readonly [Server, ...Server[]],
  random: () => number = Math.random,
): {
  readonly chosen: Server;
  readonly sharing: readonly Server[];
  readonly warnings: readonly string[];
} {
  const best = live.reduce((best, one) => isBetter(one, best) ? one : best);
  const sharing = live.filter((one) => one === best || haveOneTable(one, best));
  const chosen = sharing[Math.floor(random() * sharing.length)] ?? best;
  const others = live.filter((one) => !sharing.includes(one));
  return {
    chosen,
    sharing,
    warnings: others.map((one) => twinWarning(project, chosen, best, one)),
  };
}

/** Whether two servers serve one shared table. */
function haveOneTable({ table: one }: ServerIdentity, { table: other }: ServerIdentity): boolean {
  return one !== undefined && other !== undefined && one.isShared && other.isShared &&
    one.table === other.table;
}

function isBetter(one: ServerIdentity, other: ServerIdentity): boolean {
  if (one.isTakeover !== other.isTakeover) return one.isTakeover;
  return one.uptimeS > other.uptimeS;
}

/** @param best the server that decided the choice: `used`, or one that shares its table */
function twinWarning(
  project: string,
  used: ServerIdentity,
  best: ServerIdentity,
  other: ServerIdentity,
): string {
  const which = used === best ? "which" : "whose table has a server that";
  const why = best.isTakeover && !other.isTakeover
    ? "was started with --takeover"
    : "has run longer";
  return `Two live servers are named '${project}': using ${
    addressText(used.address)
  }, ${which} ${why}, not ${addressText(other.address)}; give each server a name of its own`;
}

function numberOr0(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
