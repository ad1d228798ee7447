/** The system calls of the server for one request, counted by strace. */
import { HtClient } from "../../lib/client/client.ts";
import { isInstalled, Program } from "../harness/program.ts";
import type { NotMeasured, SystemCalls } from "./report_data.ts";
import type { NamedServer } from "./named_server.ts";

/** The server to trace, and the requests to send. */
export interface TraceOptions {
  readonly isDurable: boolean;
  readonly server: NamedServer;
  /** A folder for the output of strace. */
  readonly folder: string;
  readonly requests: number;
  /** Numbers of clients that send at the same time, each waiting for its reply. */
  readonly clients: readonly number[];
  readonly signal: AbortSignal;
}

/** The request of a client with a key, by operation. */
const REQUESTS: Readonly<Record<string, (client: HtClient, key: string) => Promise<unknown>>> = {
  insert: (client, key) => client.insert(key, VALUE),
  lookup: (client, key) => client.lookup(key),
  remove: (client, key) => client.remove(key),
};

/** The time limit of a request, in milliseconds. It ends the wait for a server that has ended. */
const CALL_MS = 5_000;

/** As large as the values of the sweeps. */
const VALUE = "v".repeat(98);

/** Counts the system calls for each operation and number of clients. */
export async function countSystemCalls(
  options: TraceOptions,
): Promise<SystemCalls[] | NotMeasured> {
  if (Deno.build.os !== "linux" || !isInstalled("strace")) {
    return { why: "strace is not installed (Debian: apt-get install strace)" };
  }
  const { isDurable, requests, server, signal } = options;
  const counts: SystemCalls[] = [];
  for (const clients of options.clients) {
    const connect = () =>
      HtClient.connect(server.name, {
        catalogs: [server.catalog],
        localCatalogPort: null,
        timeoutMs: CALL_MS,
      });
    const connections = await Promise.all(Array.from({ length: clients }, connect));
    const end = () => void Promise.all(connections.map((client) => client.close()));
    signal.addEventListener("abort", end);
    try {
      for (const [operation, send] of Object.entries(REQUESTS)) {
        const counted = await countDuring(options, () => sendAll(connections, send, options));
        if ("why" in counted) return counted;
        counts.push({ isDurable, operation, clients, requests, calls: counted.calls });
      }
    } finally {
      signal.removeEventListener("abort", end);
      await Promise.all(connections.map((client) => client.close()));
    }
  }
  return counts;
}

async function sendAll(
  clients: readonly HtClient[],
  send: (client: HtClient, key: string) => Promise<unknown>,
  { requests, signal }: TraceOptions,
): Promise<void> {
  let next = 0;
  await Promise.all(clients.map(async (client) => {
    while (next < requests) {
      signal.throwIfAborted();
      await send(client, `traced-${next++}`);
    }
  }));
}

async function countDuring(
  { server, folder, signal }: TraceOptions,
  work: () => Promise<void>,
): Promise<{ readonly calls: Record<string, number> } | NotMeasured> {
  const file = `${folder}/strace`;
  const command = ["strace", "-c", "-f", "-o", file, "-p", String(server.pid)];
  // Not killed by the signal: strace would leave a stopped child if it is killed before it is attached.
  await using strace = new Program(command);
  const isAttached = await strace.until("stderr", /attached/).then(() => true, () => false);
  signal.throwIfAborted();
  if (!isAttached) {
    return { why: `strace may not watch the server: ${strace.stderr.trim()}` };
  }
  await work();
  strace.kill("SIGINT"); // It detaches from the server and writes the counts.
  await strace.exitCode();
  return { calls: callsIn(await Deno.readTextFile(file)) };
}

/** Reads the table of `strace -c`. The fourth column is the number of calls, the last one the name. */
export function callsIn(table: string): Record<string, number> {
  const rows = table.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/gm);
  return Object.fromEntries(
    [...rows].flatMap(([, calls, name = ""]) => name === "total" ? [] : [[name, Number(calls)]]),
  );
}
