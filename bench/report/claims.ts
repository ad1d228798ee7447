/**
 * The claims of REPORT: the words with each figure of its text, and what the data says about them. A
 * figure that is not measured is in `CONSTANTS`.
 */
import type { Operation } from "../../lib/perf/workload/operation.ts";
import type { Claim } from "./claim_check.ts";
import type { Figures } from "./figures.ts";

/** The operations on one key. */
const SINGLE = ["insert", "lookup", "remove"] as const;

/** The least and the greatest value of the operations on one key. */
const least = (of: (operation: Operation) => number) => Math.min(...SINGLE.map(of));
const greatest = (of: (operation: Operation) => number) => Math.max(...SINGLE.map(of));

/** The throughput of more clients by that of fewer, in memory. */
function rise(figures: Figures, operation: Operation, from: number, to: number): number {
  return figures.sum("memory", operation, to) / figures.sum("memory", operation, from);
}

/** The share of the time in which the event loop runs or waits for a core, in memory. */
function loopShare(figures: Figures, operation: Operation, clients: number): number {
  const share = (of: "thread" | "waiting") => figures.share("memory", operation, clients, of);
  return share("thread") + share("waiting");
}

/** The claims, in the order of the text. */
export const CLAIMS: readonly Claim[] = [
  {
    text: "stops growing at 3 clients for insert, lookup and remove",
    rule: { near: 0 },
    measured: (figures) => greatest((operation) => figures.level("memory", operation)),
  },
  {
    text: "above 20,000 operations a second",
    rule: "at least",
    measured: (figures) => least((operation) => figures.sum("memory", operation, 3)),
  },
  {
    text: "sum of scans grows by less than 40%",
    rule: "at most",
    measured: (figures) => figures.most("memory", "scan") / figures.sum("memory", "scan", 1) - 1,
  },
  {
    text:
      "with 3 clients, the server's event loop runs or waits for a core during more than {80%} of the time",
    rule: "at least",
    measured: (figures) => least((operation) => loopShare(figures, operation, 3)),
  },
  {
    text: "it runs during more than 90% of the time",
    rule: "at least",
    measured: (figures) => figures.share("memory", "scan", 2, "thread"),
  },
  {
    text: "while more than 30% of the machine is idle",
    rule: "at least",
    measured: (figures) => 1 - figures.share("memory", "scan", 2, "machine"),
  },
  {
    text: "Alone it gets 3,846 lookups a second",
    rule: { near: 0.01 },
    measured: (figures) => figures.sum("memory", "lookup", 1),
  },
  {
    text: "less than {half} of what 2 clients get together",
    rule: "at most",
    measured: (figures) => 1 / rise(figures, "lookup", 1, 2),
  },
  {
    text: "with 6 clients {4,101}",
    rule: { near: 0.01 },
    measured: (figures) => figures.point("memory", "lookup", 6).each,
  },
  {
    text: "insert, lookup and remove differ by less than 30%",
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
    text: "one client does more than 20 lookups",
    rule: "at least",
    measured: (figures) => figures.sum("memory", "lookup", 1) / figures.sum("memory", "scan", 1),
  },
  {
    text: "many clients together do more than 90",
    rule: "at least",
    measured: (figures) => figures.most("memory", "lookup") / figures.most("memory", "scan"),
  },
  {
    text: "one client inserts less than half of what it does in memory",
    rule: "at most",
    measured: (figures) => figures.sum("durable", "insert", 1) / figures.sum("memory", "insert", 1),
  },
  {
    text: "12 clients together get more than {4} times as many inserts as one",
    rule: "at least",
    measured: (figures) =>
      figures.sum("durable", "insert", 12) / figures.sum("durable", "insert", 1),
  },
  {
    text: "second client raises the sum by more than 150%",
    rule: "at least",
    measured: (figures) => least((operation) => rise(figures, operation, 1, 2)) - 1,
  },
  {
    text:
      "With 3 clients, the cores stay awake, and a lookup takes less than {half} of the processor time of server and clients that it takes with 1",
    rule: "at most",
    measured: (figures) =>
      figures.processorUs("memory", "lookup", 3) / figures.processorUs("memory", "lookup", 1),
  },
  {
    text: "a lookup takes {3} system calls with 1 client",
    rule: { near: 0.1 },
    measured: (figures) => figures.calls("memory", "lookup", 1),
  },
  {
    text: "and {2} with 8 [T8]",
    rule: { near: 0.1 },
    measured: (figures) => figures.calls("memory", "lookup", 8),
  },
  {
    text: "from 3 to 6 clients, the median latency of a lookup grows by more than {50%}",
    rule: "at least",
    measured: (figures) =>
      figures.point("memory", "lookup", 6).p50Ms / figures.point("memory", "lookup", 3).p50Ms - 1,
  },
  {
    text: "Scans have a contention near 1",
    rule: { near: 0.3 },
    measured: (figures) => figures.sigma("memory", "scan"),
  },
  {
    text: "could do at least 1.5 times as much",
    rule: "at least",
    measured: (figures) =>
      1 / greatest((operation) => figures.share("memory", operation, 3, "thread")),
  },
  {
    text:
      "of 3 clients that look up, the fastest of all rounds got more than {twice} as much as the slowest",
    rule: "at least",
    measured: (figures) => {
      const { fastest, slowest } = figures.point("memory", "lookup", 3);
      return fastest / slowest;
    },
  },
  {
    text: "takes about 0.2 ms for that",
    rule: { near: 0.3 },
    measured: ({ syncMs }) => syncMs,
  },
  {
    text: "With 8 clients, one sync serves about {7} inserts",
    rule: { near: 0.2 },
    measured: (figures) => 1 / figures.calls("durable", "insert", 8, "fdatasync"),
  },
  {
    text: "until it levels out at 12 clients",
    rule: { near: 0 },
    measured: (figures) => figures.level("durable", "insert"),
  },
  {
    text: "The sum levels out at 3 clients as well",
    rule: { near: 0 },
    measured: (figures) => figures.level("two-hosts-memory", "insert"),
  },
  {
    text: "3 clients insert more than {80%} of what they do on one host",
    rule: "at least",
    measured: (figures) =>
      figures.sum("two-hosts-memory", "insert", 3) / figures.sum("memory", "insert", 3),
  },
  {
    text: "noise of a round is at most 20% in memory",
    rule: "at most",
    measured: (figures) => greatest((operation) => figures.noise("memory", operation)),
  },
];

/** Words with figures that are not measured: the plan, and definitions. */
export const CONSTANTS: readonly string[] = [
  "1, 2, 3, ... simultaneous clients",
  "between 10% and 90% of the time",
  "a second client cannot more than double the sum",
  'If "loop" is near 100%',
  "in at most 10 minutes",
];
