/** Invented measurements of the load generator. */
import type { LoadResult } from "../../bench/load/generator.ts";
import type { Cell } from "../../bench/peers/cells.ts";

export const LOOKUPS: Cell = {
  name: "lookup, 50",
  inserts: 0,
  connections: 50,
  inFlight: 1,
  subject: "htserver",
  rivals: [
    { peer: "Redis", must: 0.75, aim: 1, isQuick: true },
    { peer: "Python", isQuick: false },
  ],
};

export const RESULT: LoadResult = {
  perSecond: 1,
  p50Us: 100,
  p99Us: 2_000,
  p999Us: 3_000,
  maxUs: 4_000,
  loadBusy: 0.5,
  serverCpu: 1,
  serverResidentBytes: 1e6,
};
