/** The loads under which clients are compared. */

/** A load of lookups. */
export interface Cell {
  readonly name: string;
  readonly clients: number;
  /** Requests in flight for each client. */
  readonly pipeline: number;
  /** Processes of testperf; the generator has one. */
  readonly processes: number;
}

function cell(clients: number, pipeline = 1, processes = 1): Cell {
  const name = `${clients}${pipeline > 1 ? ` x ${pipeline}` : ""}${
    processes > 1 ? `, ${processes} processes` : ""
  }`;
  return { name, clients, pipeline, processes };
}

/** From one client, which waits most of the time, to loads that keep a server busy. */
export const CELLS: readonly Cell[] = [
  ...[1, 2, 4, 8, 50, 200].map((clients) => cell(clients)),
  cell(50, 16),
  cell(4, 1, 4),
];
