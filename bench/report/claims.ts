/**
 * The claims of REPORT: the words with each figure of its text, and what the data says about them. A
 * figure that is not measured is in `CONSTANTS`. One file because a reader of REPORT compares it with
 * one list.
 */
import { median } from "../../lib/perf/analysis/statistics.ts";
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import type { Claim } from "./claim_check.ts";
import type { Figures } from "./figures.ts";
import type { PartName } from "./report_data.ts";

/** The operations on one key. */
const SINGLE = ["insert", "lookup", "remove"] as const;

/** The operations of two hosts in the raw data. */
const TWO_HOSTS = ["insert", "lookup"] as const;

function leastOf<Of>(all: readonly Of[], figure: (one: Of) => number): number {
  return Math.min(...all.map(figure));
}

function greatestOf<Of>(all: readonly Of[], figure: (one: Of) => number): number {
  return Math.max(...all.map(figure));
}

/** The throughput of more clients by that of fewer. */
function rise(
  figures: Figures,
  part: PartName,
  operation: Operation,
  from: number,
  to: number,
): number {
  return figures.sum(part, operation, to) / figures.sum(part, operation, from);
}

/** The throughput on two hosts by that on one. */
function byTwoHosts(figures: Figures, operation: Operation, clients: number): number {
  return figures.sum("two-hosts-memory", operation, clients) /
    figures.sum("memory", operation, clients);
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
    measured: (figures) =>
      greatestOf(OPERATIONS, (operation) => figures.level("memory", operation)),
  },
  {
    text: "about 60,000 inserts, lookups or removes a second",
    rule: { near: 0.15 },
    measured: (figures) => median(SINGLE.map((operation) => figures.sum("memory", operation, 2))),
  },
  {
    text: "about {1.6} times as many as one",
    rule: { near: 0.15 },
    measured: (figures) =>
      median(SINGLE.map((operation) => rise(figures, "memory", operation, 1, 2))),
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
    text: "becomes about a {third} cheaper",
    rule: { near: 0.3 },
    measured: (figures) =>
      1 -
      figures.processorUs("server", "memory", "lookup", 2) /
        figures.processorUs("server", "memory", "lookup", 1),
  },
  {
    text: "runs or waits for a core during more than 90% of the time",
    rule: "at least",
    measured: (figures) => leastOf(SINGLE, (operation) => loopShare(figures, operation, 2)),
  },
  {
    text: "It runs during more than 95% of the time",
    rule: "at least",
    measured: (figures) => figures.share("memory", "scan", 1, "thread"),
  },
  {
    text: "while about {half} of the machine is idle",
    rule: { near: 0.25 },
    measured: (figures) => 1 - figures.share("memory", "scan", 1, "machine"),
  },
  {
    text: "Alone it does about 39,000 lookups a second",
    rule: { near: 0.1 },
    measured: (figures) => figures.sum("memory", "lookup", 1),
  },
  {
    text: "with 8 clients about {7,200}",
    rule: { near: 0.1 },
    measured: (figures) => figures.point("memory", "lookup", 8).each,
  },
  {
    text: "of 3 clients, one gets about {half}",
    rule: { near: 0.15 },
    measured: (figures) => figures.point("memory", "lookup", 3).fastestShare,
  },
  {
    text: "insert, lookup and remove differ by less than 10%",
    rule: "at most",
    measured: (figures) =>
      greatestOf(SINGLE, (one) => figures.most("memory", one)) /
        leastOf(SINGLE, (one) => figures.most("memory", one)) - 1,
  },
  {
    text: "on all 10,000 keys",
    rule: { near: 0 },
    measured: (figures) => figures.keys,
  },
  {
    text: "one client does about 90 lookups",
    rule: { near: 0.15 },
    measured: (figures) => figures.sum("memory", "lookup", 1) / figures.sum("memory", "scan", 1),
  },
  {
    text: "3 clients together about {160}",
    rule: { near: 0.1 },
    measured: (figures) => figures.sum("memory", "lookup", 3) / figures.sum("memory", "scan", 3),
  },
  {
    text: "one client does about 16% of its inserts in memory",
    rule: { near: 0.2 },
    measured: (figures) => figures.sum("durable", "insert", 1) / figures.sum("memory", "insert", 1),
  },
  {
    text: "48 clients do about {7.7} times as many inserts as one",
    rule: { near: 0.15 },
    measured: (figures) => rise(figures, "durable", "insert", 1, 48),
  },
  {
    text: "about 70% of the most in memory",
    rule: { near: 0.15 },
    measured: (figures) => figures.sum("durable", "insert", 48) / figures.most("memory", "insert"),
  },
  {
    text:
      "From 3 to 16 clients, each in a process of its own, the sum of durable lookups falls by about {38%}",
    rule: { near: 0.25 },
    measured: (figures) => 1 - rise(figures, "durable", "lookup", 3, 16),
  },
  {
    text: "From 16 to 64 clients, in the same 16 processes, it rises by about {66%}",
    rule: { near: 0.25 },
    measured: (figures) => rise(figures, "durable", "lookup", 16, 64) - 1,
  },
  {
    text: "the sum grows by about 60%",
    rule: { near: 0.15 },
    measured: (figures) =>
      median(SINGLE.map((operation) => rise(figures, "memory", operation, 1, 2))) - 1,
  },
  {
    text:
      "Up to 3 clients, the median latency of a lookup hardly changes, but p99 grows about {10} times",
    rule: { near: 0.2 },
    measured: (figures) =>
      figures.point("memory", "lookup", 3).p99Ms / figures.point("memory", "lookup", 1).p99Ms,
  },
  {
    text: "From 3 to 8 clients, the median grows about {4.6} times",
    rule: { near: 0.1 },
    measured: (figures) =>
      figures.point("memory", "lookup", 8).p50Ms / figures.point("memory", "lookup", 3).p50Ms,
  },
  {
    text: "the sum falls by about 15%",
    rule: { near: 0.25 },
    measured: (figures) => 1 - rise(figures, "memory", "lookup", 3, 8),
  },
  {
    text: "The machine is busy about {86%} of the time then, instead of 98%",
    rule: { near: 0.05 },
    measured: (figures) => figures.share("memory", "lookup", 8, "machine"),
  },
  {
    text: "The machine is busy about 86% of the time then, instead of {98%}",
    rule: { near: 0.05 },
    measured: (figures) => figures.share("memory", "lookup", 3, "machine"),
  },
  {
    text: "the server waits for a core about 40%",
    rule: { near: 0.1 },
    measured: (figures) => figures.share("memory", "lookup", 8, "waiting"),
  },
  {
    text: "with 16 durable clients, a lookup costs them about {twice} as much as with 64",
    rule: { near: 0.2 },
    measured: (figures) =>
      figures.processorUs("clients", "durable", "lookup", 16) /
      figures.processorUs("clients", "durable", "lookup", 64),
  },
  {
    text: "a lookup takes {3} system calls with 1 client",
    rule: { near: 0.1 },
    measured: (figures) => figures.calls("memory", "lookup", 1),
  },
  {
    text: "and {2} with 8",
    rule: { near: 0.1 },
    measured: (figures) => figures.calls("memory", "lookup", 8),
  },
  {
    text: "Scans have a contention near 1",
    rule: { near: 0.1 },
    measured: (figures) => figures.sigma("memory", "scan"),
  },
  {
    text: "48 clients insert durably about {27%} more than 32",
    rule: { near: 0.25 },
    measured: (figures) => rise(figures, "durable", "insert", 32, 48) - 1,
  },
  {
    text: "what {64} add is within the noise",
    rule: { near: 0 },
    measured: (figures) => figures.lastWithinNoise("durable", "insert"),
  },
  {
    text: "could do about 1.8 times as much",
    rule: { near: 0.15 },
    measured: (figures) =>
      1 / greatestOf(SINGLE, (operation) => figures.share("memory", operation, 2, "thread")),
  },
  {
    text: "With 64 clients that insert durably, server and clients use about {1.5} of",
    rule: { near: 0.15 },
    measured: (figures) =>
      figures.share("durable", "insert", 64, "server") +
      figures.share("durable", "insert", 64, "clients"),
  },
  {
    text: "a lookup of one client is about 6.4 times as fast as its insert",
    rule: { near: 0.15 },
    measured: (figures) =>
      figures.sum("durable", "lookup", 1) / figures.sum("durable", "insert", 1),
  },
  {
    text: "with 64 clients, only about {1.5} times",
    rule: { near: 0.15 },
    measured: (figures) =>
      figures.sum("durable", "lookup", 64) / figures.sum("durable", "insert", 64),
  },
  {
    text: "takes about 0.13 ms for that",
    rule: { near: 0.3 },
    measured: (figures) => figures.syncMs,
  },
  {
    text: "With 8 clients, one sync serves about {8} inserts",
    rule: { near: 0.2 },
    measured: (figures) => 1 / figures.calls("durable", "insert", 8, "fdatasync"),
  },
  {
    text: "With 1 client and from 3 on, inserts and lookups are within {10%} of those on one host",
    rule: "at most",
    measured: (figures) =>
      greatestOf(
        [1, 3, 4, 6, 8],
        (clients) =>
          greatestOf(
            TWO_HOSTS,
            (operation) => Math.abs(byTwoHosts(figures, operation, clients) - 1),
          ),
      ),
  },
  {
    text: "with 3 clients, that is most of the {third} of the machine",
    rule: { near: 0.15 },
    // Of two cores.
    measured: (figures) => figures.share("memory", "lookup", 3, "others") / 2,
  },
  {
    text: "there, 2 clients insert about {37%} less than on one host",
    rule: { near: 0.25 },
    measured: (figures) => 1 - byTwoHosts(figures, "insert", 2),
  },
];

/** Words with figures that are not measured: the plan, and definitions. */
export const CONSTANTS: readonly string[] = [
  "1, 2, 3, ... simultaneous clients",
  "had not clearly leveled out at 64 clients",
  "With more than 16 clients, a process has several",
  "between 10% and 90% of the time",
  "With 2 clients, both work",
  "places 9 processes badly on two cores",
  "From 1 client to 8, the server's part",
  "above all with 3 or 4 clients",
  "for 50 us before it sleeps",
  "(95%)",
  'If "loop" is near 100%',
  "and two a quarter each",
  "for 2 clients, see the limits",
  "(two hosts, insert, 2 clients: most rounds), 2 or 3 clients do little more than one",
  "in at most 10 minutes",
];
