/**
 * What the tables say, in sentences. Each is made from the data, verdicts included, and cites its
 * table: another run may well say something else.
 */
import { COURSE } from "./course.ts";
import { limitOf, limitSentence } from "./limit.ts";
import { type Findings, isNotMeasured, PARTS } from "./report_data.ts";
import { ratiosOf } from "./ratios.ts";
import { lastPoint, levelPoint, pointWith, seriesOf, seriesWith } from "./series.ts";
import type { SystemCalls } from "./system_calls.ts";
import { citedTitle, rawTable, TABLES } from "./table_numbers.ts";
import { allSeries, callsPerRequest, REPORTED_PARTS, whyNoPart } from "./tables.ts";
import { capitalised, counted, figure, listed, milliseconds, percent, times } from "./text.ts";

/** Ratios closer to 1 than this are called the same: runs minutes apart differ that much. */
const SAME_SHARE = 0.1;

/** From this share of the fastest client's throughput on, the slowest is called alike. */
const FAIR_SHARE = 0.8;

/** The result in short. */
export function summary(findings: Findings): string[] {
  return REPORTED_PARTS.flatMap((part) => {
    const all = seriesOf(findings, part);
    if (all.length === 0) return [];
    const told = all.map((series) => {
      const best = series.points.reduce((most, point) => point.sum > most.sum ? point : most);
      return `${series.operation} ${
        figure(series.points[0]?.sum ?? NaN)
      } with one client and at most ${figure(best.sum)} with ${best.clients} ${
        rawTable(part, series.operation)
      }`;
    });
    return [`${capitalised(PARTS[part].title)}, ops/s: ${listed(told)}.`];
  });
}

/** Whether and where each operation levels out, and what the scalability law makes of it. */
export function levels(findings: Findings): string[] {
  return allSeries(findings).map(({ part, operation, analysis }) => {
    const cited = capitalised(citedTitle(part, operation));
    if (analysis === undefined) return `${cited}: too little was measured to say anything.`;
    const { plateau, usl } = analysis;
    const law = "why" in usl
      ? `The Universal Scalability Law was not fitted: ${withoutPeriod(usl.why)}.`
      : usl.sentence;
    return `${cited}: ${plateau.sentence} ${law}`;
  });
}

/** A client alone and among others. */
export function singleClients(findings: Findings): string[] {
  const shrinking = REPORTED_PARTS.flatMap((part) => {
    const left = seriesOf(findings, part).flatMap((series) => {
      const last = lastPoint(series);
      const alone = series.points[0];
      return alone === undefined || last === alone
        ? []
        : [{ series, last, share: last.each / alone.each }];
    }).toSorted((a, b) => a.share - b.share);
    const [least] = left;
    const most = left.at(-1);
    if (least === undefined || most === undefined) return [];
    return [
      `${capitalised(PARTS[part].title)}: of what a client gets alone, it keeps between ${
        percent(least.share)
      } (${least.series.operation}, ${counted(least.last.clients, "client")}) and ${
        percent(most.share)
      } (${most.series.operation}, ${
        counted(most.last.clients, "client")
      }) among the most clients ${TABLES.clients}. An equal part of a sum that does not grow would be ${
        percent(1 / most.last.clients)
      }.`,
    ];
  });
  const worst =
    allSeries(findings).flatMap((series) =>
      series.points.filter(({ clients }) => clients > 1).map((point) => ({ series, point }))
    ).toSorted((a, b) => a.point.fairness - b.point.fairness)[0];
  if (worst === undefined) return shrinking;
  const { series: { title }, point } = worst;
  const at = `${title}, ${counted(point.clients, "client")}`;
  return [
    ...shrinking,
    point.fairness >= FAIR_SHARE
      ? `The clients are served alike: in no run did the slowest get less than ${
        percent(point.fairness)
      } of what the fastest got (${at}) ${TABLES.clients}.`
      : `The clients are not always served alike: in one run the slowest got ${
        percent(point.fairness)
      } of what the fastest got (${at}) ${TABLES.clients}. The client processes compete for the cores with each other and with the server, and the data does not tell the server's part in this from the operating system's.`,
  ];
}

/** Types of operations beside each other. */
export function operations(findings: Findings): string[] {
  const bySpeed = REPORTED_PARTS.flatMap((part) => {
    const all = seriesOf(findings, part).flatMap((series) => {
      const point = series.points[0];
      return point === undefined ? [] : [{ series, point }];
    }).toSorted((a, b) => a.point.meanMs - b.point.meanMs);
    if (all.length < 2) return [];
    const told = all.map(({ series, point }) =>
      `${series.operation} ${milliseconds(point.meanMs)} ms`
    );
    return [
      `${capitalised(PARTS[part].title)}, one client, from the quickest to the slowest: ${
        told.join(", ")
      } ${TABLES.operations}.`,
    ];
  });
  const scan = seriesWith(findings, "memory", "scan")?.points[0];
  const lookup = seriesWith(findings, "memory", "lookup")?.points[0];
  const keys = findings.sweeps.memory?.settings.keys ?? null;
  if (scan === undefined || lookup === undefined) return bySpeed;
  return [
    ...bySpeed,
    `A scan looks at every key of the table${
      keys === null ? "" : ` (${figure(keys)} of them)`
    }, the others go to the one key that they name: it takes ${
      times(scan.meanMs / lookup.meanMs)
    } the time of a lookup with this table ${TABLES.operations}, and more with a larger one.`,
  ];
}

/** What being durable costs, and how that changes with more clients. */
export function durability(findings: Findings): string[] {
  const pairs = ratiosOf(findings, "durable", "memory");
  if (pairs.length === 0) return [];
  const changes = pairs.filter(({ operation }) => operation === "insert" || operation === "remove")
    .map(({ operation, first, last, mostClients }) => {
      const from = `${capitalised(operation)}: with one client a durable table does ${
        times(first)
      } what one in memory does, with ${counted(mostClients, "client")} ${times(last)}`;
      const cited = TABLES.durable;
      if (last > first * (1 + SAME_SHARE)) {
        return `${from} ${cited}. The gap narrows, as it should where one sync serves all clients that wait for one.`;
      }
      if (last < first * (1 - SAME_SHARE)) {
        return `${from} ${cited}. The gap widens: more clients gain less from a disk than from memory.`;
      }
      return `${from} ${cited}. More clients hardly change the gap.`;
    });
  const reads = pairs.filter(({ operation }) => operation === "lookup" || operation === "scan")
    .map(({ operation, median }) =>
      Math.abs(median - 1) <= SAME_SHARE
        ? `${capitalised(operation)}: ${
          times(median)
        } in the middle of all numbers of clients, which is the same within what runs differ: reading does not wait for the disk ${TABLES.durable}.`
        : `${capitalised(operation)}: ${
          times(median)
        } in the middle of all numbers of clients ${TABLES.durable}. Reading does not wait for the disk, so this is no cost of a sync; the two tables were measured one after the other, and how much runs differ is in ${TABLES.levels}.`
    );
  return [...changes, ...reads];
}

/** What the limit is, and how that is known. */
export function limits(findings: Findings): string[] {
  return allSeries(findings).map(limitSentence);
}

/** What the server does for a request. */
export function systemCalls({ bench }: Findings): string[] {
  const all = bench.systemCalls;
  if (isNotMeasured(all)) {
    return [`System calls were not counted ${TABLES.systemCalls}: ${all.why}.`];
  }
  return [...Map.groupBy(all, (one) => `${one.operation} ${one.isDurable}`).values()].flatMap(
    (group) => {
      const [first] = group;
      const last = group.at(-1);
      if (first === undefined || last === undefined || first === last) return [];
      const [before, after] = [callsPerRequest(first), callsPerRequest(last)];
      return [
        `${capitalised(first.operation)}, ${first.isDurable ? "durable" : "in memory"}: ${
          before.toFixed(2)
        } calls for a request of one client, ${after.toFixed(2)} with ${
          counted(last.clients, "client")
        }${syncsText(first, last)} ${TABLES.systemCalls}.`,
      ];
    },
  );
}

/** Syncs alone, where there are any: those that several changes share. */
function syncsText(first: SystemCalls, last: SystemCalls): string {
  const syncs = ({ calls, requests }: SystemCalls) =>
    ((calls["fdatasync"] ?? 0) + (calls["fsync"] ?? 0)) / requests;
  return syncs(first) === 0
    ? ""
    : `; of these ${syncs(first).toFixed(2)} and ${syncs(last).toFixed(2)} are syncs`;
}

/** Durable inserts of one client beside what the disk takes. */
export function syncs(findings: Findings): string[] {
  const { syncs: times } = findings.bench;
  const insert = seriesWith(findings, "durable", "insert")?.points[0];
  const inMemory = seriesWith(findings, "memory", "insert")?.points[0];
  if (isNotMeasured(times) || insert === undefined || inMemory === undefined) return [];
  const medians = times.map(({ p50Ms }) => p50Ms);
  return [
    `One client's durable insert takes ${milliseconds(insert.p50Ms)} ms in the middle ${
      rawTable("durable", "insert")
    }, the same in memory ${milliseconds(inMemory.p50Ms)} ms ${
      rawTable("memory", "insert")
    }; the disk alone takes ${milliseconds(Math.min(...medians))} to ${
      milliseconds(Math.max(...medians))
    } ms for a write and its sync ${TABLES.syncs}.`,
  ];
}

/** Clients on a host of their own. */
export function twoHosts(findings: Findings): string[] {
  const pairs = ratiosOf(findings, "two-hosts-memory", "memory");
  if (pairs.length === 0) {
    return [
      `Two hosts were not measured ${TABLES.twoHosts}: ${whyNoPart(findings, "two-hosts-memory")}.`,
    ];
  }
  return pairs.map(({ operation, median, least, most }) => {
    const range = `${capitalised(operation)}: two hosts do ${times(least)} to ${
      times(most)
    } what one does, ${times(median)} in the middle ${TABLES.twoHosts}`;
    if (Math.abs(median - 1) <= SAME_SHARE) {
      return `${range}. The way through the kernel's network between two addresses costs no more than runs differ.`;
    }
    return median < 1
      ? `${range}. The way through the kernel's network between two addresses costs more than the loopback.`
      : `${range}. The way through the kernel's network is no longer than the loopback; that it should be shorter by so much is more likely the machine's doing than its own.`;
  });
}

/** Beside the course's own solution. */
export function course(findings: Findings): string[] {
  const beside = COURSE.flatMap(({ operation, opsPerSecond, nearest }) => {
    const ratios = REPORTED_PARTS.flatMap((part) => {
      const alone = pointWith(seriesWith(findings, part, nearest), 1)?.sum;
      return alone === undefined ? [] : [`${times(alone / opsPerSecond)} ${PARTS[part].title}`];
    });
    if (ratios.length === 0) return [];
    const what = operation === nearest ? operation : `${nearest} against the course's ${operation}`;
    return [`${capitalised(what)}: ${listed(ratios)} ${TABLES.course}.`];
  });
  const took = (name: string) => {
    const found = COURSE.find(({ operation }) => operation === name);
    return milliseconds(1e3 / (found?.opsPerSecond ?? NaN));
  };
  return [
    ...beside,
    `From the course's figures follow ${took("lookup")} ms for a lookup, ${
      took("insert")
    } ms for an insert and ${
      took("remove")
    } ms for a remove ${TABLES.course}. Its remove is a change as its insert is, and is as quick as its lookup: the figures alone do not say which of them waited for a disk.`,
  ];
}

/** What to do with it. */
export function advice(findings: Findings): string[] {
  const told: string[] = [];
  const lookup = seriesWith(findings, "memory", "lookup");
  if (lookup !== undefined) {
    const level = levelPoint(lookup);
    const { verdict } = lookup.analysis?.plateau ?? { verdict: "undecided" };
    const cited = `${TABLES.levels}`;
    told.push(
      verdict === "levels out" || verdict === "falls"
        ? `On a machine like this one, ${
          counted(level.clients, "client")
        } that wait for their replies get all lookups that the server has to give ${cited}. More of them only wait longer; requests that do not wait for each other (testperf --pipeline) are the next thing to try.`
        : `This run does not show how many clients get all lookups that the server has to give ${cited}: repeat it with more runs, or on a machine with nothing else to do.`,
    );
  }
  const cores = allSeries(findings).filter((series) => {
    const { shares, clients } = levelPoint(series);
    return shares !== undefined && limitOf(series, shares, clients) === "cores";
  });
  if (cores.length > 0) {
    told.push(
      `Where the cores are the limit (${
        cores.map(({ title }) => title).join("; ")
      }), the figures are those of server and clients together ${TABLES.processors}: take them as the least that the server can do, and measure with clients on other machines before buying anything.`,
    );
  }
  const [insert] = ratiosOf(findings, "durable", "memory").filter((pair) =>
    pair.operation === "insert"
  );
  if (insert !== undefined) {
    told.push(
      insert.last > insert.first * (1 + SAME_SHARE)
        ? `If changes have to survive a crash, insert from many clients at once: with ${
          counted(insert.mostClients, "client")
        } durability costs less than with one ${TABLES.durable}.`
        : `If changes have to survive a crash, count on ${
          times(insert.last)
        } the inserts of a table in memory, however many clients there are ${TABLES.durable}.`,
    );
  }
  return told;
}

function withoutPeriod(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
