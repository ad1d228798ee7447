/** Invented results of `deno task bench`. */
import type { BenchData, Findings, PartName } from "../../bench/report/report_data.ts";
import { type Operation, OPERATIONS } from "../../lib/perf/workload/operation.ts";
import { type ArtificialSweep, artificialSweep } from "./sweep_data.ts";

const CLIENTS = [1, 2, 3, 4, 6, 8, 12];

/** Makes a sweep whose throughput is level from two clients on. The runs differ by one percent. */
export function levelSweep(
  sumOps: number,
  operations: readonly Operation[] = OPERATIONS,
): ArtificialSweep {
  return {
    operations,
    clients: CLIENTS,
    repeats: 3,
    opsOfEach: (clients, repeat) =>
      (1 + 0.01 * (repeat - 1)) * Math.min(sumOps / 2, sumOps / clients),
  };
}

/** The data of a report, from invented sweeps. */
export function findingsWith(
  sweeps: Readonly<Partial<Record<PartName, ArtificialSweep>>>,
  changes: Partial<BenchData> = {},
): Findings {
  const parts = Object.entries(sweeps) as [PartName, ArtificialSweep][];
  return {
    bench: {
      format: "htserver bench",
      version: 1,
      command: "deno task bench",
      isQuick: false,
      startedUnixMs: 1_800_000_000_000,
      seconds: 123.4,
      site: {
        measuredAt: "2027-01-15T08:00:00.000Z",
        code: "abc1234",
        processor: "a processor",
        cores: 2,
        system: "linux 1.2.3",
        versions: ["Deno 2.9.6"],
        memoryBytes: 8e9,
        disk: "ext4 on /dev/sda1",
      },
      parts: parts.map(([name, { operations, clients, repeats }]) => ({
        name,
        operations,
        shares: clients.map((count) => ({
          clients: count,
          repeats: Array.from({ length: repeats }, () =>
            operations.map((stage) => ({
              stage,
              thread: 0.5,
              waiting: 0.3,
              server: 0.6,
              clients: 0.8,
              others: 0.1,
              machine: 0.7,
            }))),
        })),
      })),
      twoHosts: null,
      syncs: [{ pauseMs: 0, count: 100, p50Ms: 0.4, p99Ms: 1.2, maxMs: 3 }],
      systemCalls: [1, 8].map((clients) => ({
        isDurable: true,
        operation: "insert",
        clients,
        requests: 100,
        calls: { recvfrom: 100, sendto: 100, fdatasync: clients === 1 ? 100 : 20 },
      })),
      ...changes,
    },
    sweeps: Object.fromEntries(parts.map(([name, sweep]) => [name, artificialSweep(sweep)])),
  };
}
