/** What limits an operation, by who had the processors; or that the data does not say. */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import type { StageShares } from "./processor_shares.ts";
import { PARTS } from "./report_data.ts";
import { levelPoint, type Series } from "./series.ts";
import { TABLES } from "./table_numbers.ts";
import { capitalised, counted, percent } from "./text.ts";

/** From this share on something counts as full: samples and stages are not exact to the percent. */
const FULL_SHARE = 0.9;

/** From this share of a core on, what others took is told. */
const OTHERS_SHARE = 0.25;

/** From this share on a thread that could run, and has no core to run on, lacks cores before all else. */
const WAITING_SHARE = 0.25;

/** What there is too little of. */
export type Limit = "event loop" | "cores" | "disk" | "clients" | "unknown";

/** Operations that wait for the disk in a durable table. */
const CHANGES: ReadonlySet<Operation> = new Set(["insert", "remove"]);

/** Judges by the shares of a stage. */
export function limitOf({ part, operation }: Series, shares: StageShares, clients: number): Limit {
  if (shares.thread >= FULL_SHARE) return "event loop";
  // Its thread has always something to do, or all cores have, or it stands in line for one.
  const isFull = shares.thread + shares.waiting >= FULL_SHARE || shares.machine >= FULL_SHARE;
  if (isFull || shares.waiting >= WAITING_SHARE) return "cores";
  if (PARTS[part].isDurable && CHANGES.has(operation)) return "disk";
  return clients === 1 ? "clients" : "unknown";
}

/** Says what limits an operation at its level, and how that is known. */
export function limitSentence(series: Series): string {
  const point = levelPoint(series);
  const at = `${capitalised(series.title)}, at ${counted(point.clients, "client")}`;
  const { shares } = point;
  if (shares === undefined) {
    return `${at}: who had the processors was not measured ${TABLES.processors}.`;
  }
  const thread = percent(shares.thread);
  const machine = percent(shares.machine);
  const clients = percent(shares.clients);
  const waiting = percent(shares.waiting);
  const others = shares.others < OTHERS_SHARE
    ? ""
    : ` Others than server and clients, the kernel included, took ${
      percent(shares.others)
    } of a core, which the figures suffer from.`;
  switch (limitOf(series, shares, point.clients)) {
    case "event loop":
      return `${at}: the server's event loop is the limit. It is one thread, and it runs ${thread} of the time ${TABLES.processors}.${others}`;
    case "cores":
      return `${at}: the cores are the limit. The machine is busy ${machine} of the time; the server's event loop runs ${thread} of it and waits another ${waiting} for a free core, while the clients take ${clients} of a core ${TABLES.processors}.${others}`;
    case "disk":
      return `${at}: waiting for the disk is the limit. The event loop runs only ${thread} of the time, the machine is busy ${machine} of it ${TABLES.processors}, and a change is answered only after its sync, which takes as long as in ${TABLES.syncs}.${others}`;
    case "clients":
      return `${at}: the client's waiting is the limit. It sends a request only after the reply to the last one, so both sides are idle in turn: the event loop runs ${thread} of the time, the machine is busy ${machine} of it ${TABLES.processors}.${others}`;
    case "unknown":
      return `${at}: the data does not say what the limit is. The event loop runs ${thread} of the time and waits ${waiting} of it for a core, the machine is busy ${machine} of it ${TABLES.processors}.${others}`;
  }
}
