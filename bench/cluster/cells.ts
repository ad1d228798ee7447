/** The cells of the comparison: an operation and a load, of one contender and its rivals. */

/** What the load goes to. */
export type ContenderName =
  /** A gateway in front of the cluster. */
  | "gateway"
  /** The same with `?reads=fenced`. */
  | "gateway, fenced"
  /** Two gateways of one table, each with half of the connections. */
  | "two gateways"
  /** The cluster itself, loaded by `redis-benchmark --cluster`. */
  | "redis-benchmark"
  /** One htserver with its table on the same disk. */
  | "htserver, durable";

/** A contender to compare with, and the ratio to reach; without a ratio, it is for information. */
export interface Rival {
  readonly name: ContenderName;
  /** The throughput to reach, as a multiple of the rival's. */
  readonly must?: number;
}

/** A kind of load. */
export interface Cell {
  readonly name: string;
  readonly operation: "insert" | "lookup";
  /** Processes that send the load. */
  readonly loads: number;
  /** Connections of all these together. */
  readonly connections: number;
  /** Requests of each connection that wait for a reply. */
  readonly inFlight: number;
  /** The contender that is compared with the rivals. */
  readonly subject: ContenderName;
  readonly rivals: readonly Rival[];
}

const CONNECTIONS = 50;

const FROM_CLUSTER = {
  insert: { name: "redis-benchmark", must: 0.6 },
  lookup: { name: "redis-benchmark", must: 0.5 },
} as const satisfies Record<Cell["operation"], Rival>;

const FROM_ONE_SERVER: Rival = { name: "htserver, durable", must: 0.45 };

const FENCED: Rival = { name: "gateway, fenced" };

/** All cells. */
export const CELLS: readonly Cell[] = [
  oneGateway("insert", 1, FROM_CLUSTER.insert, FROM_ONE_SERVER),
  oneGateway("insert", 16, FROM_CLUSTER.insert),
  oneGateway("lookup", 1, FROM_CLUSTER.lookup, FENCED),
  oneGateway("lookup", 16, FROM_CLUSTER.lookup, FENCED),
  twoGateways("insert", 1),
  twoGateways("insert", 16),
  twoGateways("lookup", 1),
  twoGateways("lookup", 16),
];

/** The contenders of a cell. */
export function namesOf({ subject, rivals }: Cell): ContenderName[] {
  return [subject, ...rivals.map(({ name }) => name)];
}

function oneGateway(operation: Cell["operation"], inFlight: number, ...rivals: Rival[]): Cell {
  return cell(operation, 1, inFlight, "gateway", rivals);
}

function twoGateways(operation: Cell["operation"], inFlight: number): Cell {
  return cell(operation, 2, inFlight, "two gateways", [{ name: "gateway" }]);
}

function cell(
  operation: Cell["operation"],
  loads: number,
  inFlight: number,
  subject: ContenderName,
  rivals: readonly Rival[],
): Cell {
  const connections = loads === 1 ? `${CONNECTIONS}` : `${loads} x ${CONNECTIONS / loads}`;
  const name = `${operation}, ${connections}${inFlight === 1 ? "" : ` x ${inFlight}`}`;
  return { name, operation, loads, connections: CONNECTIONS, inFlight, subject, rivals };
}
