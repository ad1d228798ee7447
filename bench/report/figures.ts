/** The figures that the claims of REPORT are about, by name. A figure that was not measured is an error. */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import type { StageShares } from "./processor_shares.ts";
import { type Findings, isNotMeasured, type PartName } from "./report_data.ts";
import { levelClients, type Point, pointWith, type Series, seriesWith } from "./series.ts";
import { callsOf, perOperationUs } from "./tables.ts";

/** Figures of a run. Throughputs are medians of the rounds, in operations a second. */
export class Figures {
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** All clients together. */
  sum(part: PartName, operation: Operation, clients: number): number {
    return this.point(part, operation, clients).sum;
  }

  /** The greatest sum of all numbers of clients. */
  most(part: PartName, operation: Operation): number {
    return Math.max(...this.#series(part, operation).points.map(({ sum }) => sum));
  }

  /** The number of clients from which the throughput does not rise. */
  level(part: PartName, operation: Operation): number {
    const clients = levelClients(this.#series(part, operation));
    return present(clients, `the plateau of ${operation}, ${part}`);
  }

  /** The last number of clients that adds no more than noise to the one before; 0: none. */
  lastWithinNoise(part: PartName, operation: Operation): number {
    const { gains } = this.#analysis(part, operation).plateau;
    return gains.findLast(({ direction }) => direction === "within noise")?.toClients ?? 0;
  }

  /** The contention of the Universal Scalability Law. */
  sigma(part: PartName, operation: Operation): number {
    const { usl } = this.#analysis(part, operation);
    if ("why" in usl) throw new Error(usl.why);
    return usl.sigma.value;
  }

  /** A share of processor time. */
  share(
    part: PartName,
    operation: Operation,
    clients: number,
    of: Exclude<keyof StageShares, "stage">,
  ): number {
    const { shares } = this.point(part, operation, clients);
    return present(shares, `processor shares of ${operation}, ${part}, ${clients} clients`)[of];
  }

  /** Processor time of the server or of all clients for one operation, in microseconds. */
  processorUs(
    of: "server" | "clients",
    part: PartName,
    operation: Operation,
    clients: number,
  ): number {
    const share = this.share(part, operation, clients, of);
    return perOperationUs(share, this.sum(part, operation, clients));
  }

  /** System calls of the server for one request. @param name (default: all calls) */
  calls(mode: "memory" | "durable", operation: Operation, clients: number, name?: string): number {
    const { systemCalls } = this.#findings.bench;
    if (isNotMeasured(systemCalls)) throw new Error(`not measured: ${systemCalls.why}`);
    const counts = systemCalls.find((one) =>
      one.isDurable === (mode === "durable") && one.operation === operation &&
      one.clients === clients
    );
    return callsOf(present(counts, `system calls of ${operation}, ${mode}`), name);
  }

  /** The median of one sync of the disk, one after another, in milliseconds. */
  get syncMs(): number {
    const { syncs } = this.#findings.bench;
    if (isNotMeasured(syncs)) throw new Error(`not measured: ${syncs.why}`);
    return present(syncs.find(({ pauseMs }) => pauseMs === 0), "syncs one after another").p50Ms;
  }

  /** The keys in the table during inserts, lookups and scans. */
  get keys(): number {
    return present(this.#findings.sweeps.memory?.settings.keys, "the number of keys");
  }

  /** All figures with one number of clients. */
  point(part: PartName, operation: Operation, clients: number): Point {
    const point = pointWith(this.#series(part, operation), clients);
    return present(point, `${operation}, ${part}, with ${clients} clients`);
  }

  #series(part: PartName, operation: Operation): Series {
    return present(seriesWith(this.#findings, part, operation), `${operation}, ${part}`);
  }

  #analysis(part: PartName, operation: Operation) {
    return present(this.#series(part, operation).analysis, `the analysis of ${operation}, ${part}`);
  }
}

function present<Value>(value: Value | null | undefined, what: string): Value {
  if (value === undefined || value === null) throw new Error(`not measured: ${what}`);
  return value;
}
