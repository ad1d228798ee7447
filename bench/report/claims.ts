/**
 * The claims of REPORT: the words with each figure of its text, and what the data says about them. A
 * figure that is not measured is in `CONSTANTS`.
 */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import type { Claim } from "./claim_check.ts";
import type { Figures } from "./figures.ts";

/** The operations on one key. */
const SINGLE = ["insert", "lookup", "remove"] as const;

/** The operations of two hosts in the raw data. */
const TWO_HOSTS = ["insert", "lookup"] as const;

/** The least and the greatest value of the operations on one key. */
const least = (of: (operation: Operation) => number) => Math.min(...SINGLE.map(of));
const greatest = (of: (operation: Operation) => number) => Math.max(...SINGLE.map(of));

/** The throughput of more clients by that of fewer, in memory. */
function rise(figures: Figures, operation: Operation, from: number, to: number): number {
  return figures.sum("memory", operation, to) / figures.sum("memory", operation, from);
}

/** The same for durable tables. */
function durableRise(figures: Figures, operation: Operation, from: number, to: number): number {
  return figures.sum("durable", operation, to) / figures.sum("durable", operation, from);
}

/** The share of the time in which the event loop runs or waits for a core, in memory. */
function loopShare(figures: Figures, operation: Operation, clients: number): number {
  const share = (of: "thread" | "waiting") => figures.share("memory", operation, clients, of);
  return share("thread") + share("waiting");
}

/** The claims, in the order of the text. */
export const CLAIMS: readonly Claim[] = [
  {
    text: "In memory, 2 clients are enough for every operation",
    rule: { near: 0 },
    measured: (figures) => greatest((operation) => figures.level("memory", operation)),
  },
  {
    text: "above 50,000 inserts, lookups or removes a second",
    rule: "at least",
    measured: (figures) => least((operation) => figures.sum("memory", operation, 2)),
  },
  {
    text: "8 clients keep more than {80%} of the greatest sum",
    rule: "at least",
    measured: (figures) => least((operation) => figures.last("memory", operation)),
  },
  {
    text: "sum of scans is the same with any number of clients, within 5%",
    rule: "at most",
    measured: (figures) => figures.most("memory", "scan") / figures.sum("memory", "scan", 1) - 1,
  },
  {
    text: "the server's event loop runs about {half} of the time",
    rule: { near: 0.2 },
    measured: (figures) => figures.share("memory", "lookup", 1, "thread"),
  },
  {
    text: "runs or waits for a core during more than 90% of the time",
    rule: "at least",
    measured: (figures) => least((operation) => loopShare(figures, operation, 2)),
  },
  {
    text: "It runs during more than 90% of the time",
    rule: "at least",
    measured: (figures) => figures.share("memory", "scan", 1, "thread"),
  },
  {
    text: "while more than 30% of the machine is idle",
    rule: "at least",
    measured: (figures) => 1 - figures.share("memory", "scan", 1, "machine"),
  },
  {
    text: "Alone it gets about 39,000 lookups a second",
    rule: { near: 0.1 },
    measured: (figures) => figures.sum("memory", "lookup", 1),
  },
  {
    text: "more than {half} of what 2 clients get together",
    rule: "at least",
    measured: (figures) => 1 / rise(figures, "lookup", 1, 2),
  },
  {
    text: "with 8 clients about {7,200}",
    rule: { near: 0.1 },
    measured: (figures) => figures.point("memory", "lookup", 8).each,
  },
  {
    text: "insert, lookup and remove differ by less than 20%",
    rule: "at most",
    measured: (figures) => {
      const most = (operation: Operation) => figures.most("memory", operation);
      return greatest(most) / least(most) - 1;
    },
  },
  {
    text: "reads all 10,000 keys",
    rule: { near: 0 },
    measured: ({ keys }) => keys,
  },
  {
    text: "one client does more than 50 lookups",
    rule: "at least",
    measured: (figures) => figures.sum("memory", "lookup", 1) / figures.sum("memory", "scan", 1),
  },
  {
    text: "many clients together do more than 100",
    rule: "at least",
    measured: (figures) => figures.most("memory", "lookup") / figures.most("memory", "scan"),
  },
  {
    text: "one client inserts less than 30% of what it does in memory",
    rule: "at most",
    measured: (figures) => figures.sum("durable", "insert", 1) / figures.sum("memory", "insert", 1),
  },
  {
    text: "48 clients together get more than {6} times as many inserts as one",
    rule: "at least",
    measured: (figures) => durableRise(figures, "insert", 1, 48),
  },
  {
    text:
      "With 16 clients, each in a process of its own, the sum of durable lookups is less than {80%} of that of 64 clients in 16 processes",
    rule: "at most",
    measured: (figures) => 1 / durableRise(figures, "lookup", 16, 64),
  },
  {
    text: "on one core, the two do more than 90% of what they do with a core each, see [T7]",
    rule: "at least",
    measured: (figures) =>
      figures.placement("both on one core") / figures.placement("each on its own core"),
  },
  {
    text: "the sum grows by more than 40%",
    rule: "at least",
    measured: (figures) => least((operation) => rise(figures, operation, 1, 2)) - 1,
  },
  {
    text: "from 3 to 6 clients, the median latency of a lookup grows by more than {50%}",
    rule: "at least",
    measured: (figures) =>
      figures.point("memory", "lookup", 6).p50Ms / figures.point("memory", "lookup", 3).p50Ms - 1,
  },
  {
    text:
      "with 16 clients in 16 processes, one costs the clients more than {1.4} times as much processor time as with 64 clients in 16 processes",
    rule: "at least",
    measured: (figures) => {
      const clientsUs = (clients: number) =>
        figures.share("durable", "lookup", clients, "clients") /
        figures.sum("durable", "lookup", clients);
      return clientsUs(16) / clientsUs(64);
    },
  },
  {
    text: "A lookup takes {3} system calls with 1 client",
    rule: { near: 0.1 },
    measured: (figures) => figures.calls("memory", "lookup", 1),
  },
  {
    text: "and {2} with 8 [T8]",
    rule: { near: 0.1 },
    measured: (figures) => figures.calls("memory", "lookup", 8),
  },
  {
    text: "Scans have a contention near 1",
    rule: { near: 0.1 },
    measured: (figures) => figures.sigma("memory", "scan"),
  },
  {
    text: "48 clients insert more than {15%} above 32",
    rule: "at least",
    measured: (figures) => durableRise(figures, "insert", 32, 48) - 1,
  },
  {
    text: "what {64} add is within the noise",
    rule: { near: 0 },
    measured: (figures) => figures.lastWithinNoise("durable", "insert"),
  },
  {
    text: "could do at least 1.4 times as much",
    rule: "at least",
    measured: (figures) =>
      1 / greatest((operation) => figures.share("memory", operation, 3, "thread")),
  },
  {
    text:
      "of 3 clients that look up, the fastest of all rounds got more than {1.5} times as much as the slowest",
    rule: "at least",
    measured: (figures) => {
      const { fastest, slowest } = figures.point("memory", "lookup", 3);
      return fastest / slowest;
    },
  },
  {
    text: "takes about 0.13 ms for that",
    rule: { near: 0.3 },
    measured: ({ syncMs }) => syncMs,
  },
  {
    text: "With 8 clients, one sync serves about {8} inserts",
    rule: { near: 0.2 },
    measured: (figures) => 1 / figures.calls("durable", "insert", 8, "fdatasync"),
  },
  {
    text: "The sum levels out at {3} clients or earlier",
    rule: "at most",
    measured: (figures) =>
      Math.max(...TWO_HOSTS.map((operation) => figures.level("two-hosts-memory", operation))),
  },
  {
    text: "3 clients insert more than {85%} of what they do on one host",
    rule: "at least",
    measured: (figures) =>
      figures.sum("two-hosts-memory", "insert", 3) / figures.sum("memory", "insert", 3),
  },
  {
    text: "noise of a round is at most 10% in memory",
    rule: "at most",
    measured: (figures) => greatest((operation) => figures.noise("memory", operation)),
  },
];

/** Words with figures that are not measured: the plan, and definitions. */
export const CONSTANTS: readonly string[] = [
  "1, 2, 3, ... simultaneous clients",
  "With more than 16 clients, a process has several",
  "between 10% and 90% of the time",
  "a second client cannot more than double the sum",
  'If "loop" is near 100%',
  "With 2 clients, the kernel places three processes on two cores",
  "in at most 10 minutes",
];
