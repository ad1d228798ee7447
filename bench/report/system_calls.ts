/** How often the server calls the operating system for one request: counted by strace. */
import { HtClient } from "../../lib/client/client.ts";
import { BoundProgram, isInstalled } from "../harness/child_program.ts";
import type { NotMeasured } from "./report_data.ts";

/** What was counted during some requests. */
export interface SystemCalls {
  readonly isDurable: boolean;
  readonly operation: string;
  readonly clients: number;
  readonly requests: number;
  /** By the call's name. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Which server to trace, and how much to ask of it. */
export interface TraceOptions {
  readonly isDurable: boolean;
  readonly pid: number;
  /** Its name in the catalog. */
  readonly name: string;
  /** HOST:PORT of the catalog. */
  readonly catalog: { readonly hostname: string; readonly port: number };
  /** A folder for strace's output. */
  readonly folder: string;
  readonly requests: number;
  /** Numbers of clients that ask at the same time, each waiting for its reply. */
  readonly clients: readonly number[];
  readonly signal: AbortSignal;
}

/** What one client asks with its n-th key. */
const REQUESTS: Readonly<Record<string, (client: HtClient, key: string) => Promise<unknown>>> = {
  insert: (client, key) => client.insert(key, VALUE),
  lookup: (client, key) => client.lookup(key),
  remove: (client, key) => client.remove(key),
};

/** Limit of a call, in milliseconds: a server that was ended meanwhile is not waited for. */
const CALL_MS = 5_000;

/** As large as the values of the sweeps. */
const VALUE = "v".repeat(98);

/** Counts them for each operation and number of clients; or says why it cannot. */
export async function systemCallsOf(options: TraceOptions): Promise<SystemCalls[] | NotMeasured> {
  if (Deno.build.os !== "linux" || !await isInstalled("strace")) {
    return { why: "strace is not installed (Debian: apt-get install strace)" };
  }
  const counted: SystemCalls[] = [];
  for (const clients of options.clients) {
    const connections = await Promise.all(
      Array.from({ length: clients }, () =>
        HtClient.connect(options.name, {
          catalogs: [options.catalog],
          localCatalogPort: null,
          timeoutMs: CALL_MS,
        })),
    );
    const end = () => void Promise.all(connections.map((client) => client.close()));
    options.signal.addEventListener("abort", end);
    try {
      for (const [operation, ask] of Object.entries(REQUESTS)) {
        const calls = await countedDuring(options, () => askAll(connections, ask, options));
        if ("why" in calls) return calls;
        const { isDurable, requests } = options;
        counted.push({ isDurable, operation, clients, requests, calls: calls.calls });
      }
    } finally {
      options.signal.removeEventListener("abort", end);
      await Promise.all(connections.map((client) => client.close()));
    }
  }
  return counted;
}

async function askAll(
  clients: readonly HtClient[],
  ask: (client: HtClient, key: string) => Promise<unknown>,
  { requests, signal }: TraceOptions,
): Promise<void> {
  let next = 0;
  await Promise.all(clients.map(async (client) => {
    while (next < requests) {
      signal.throwIfAborted();
      await ask(client, `traced-${next++}`);
    }
  }));
}

async function countedDuring(
  { pid, folder, signal }: TraceOptions,
  work: () => Promise<void>,
): Promise<{ readonly calls: Record<string, number> } | NotMeasured> {
  const file = `${folder}/strace`;
  const command = ["strace", "-c", "-f", "-o", file, "-p", String(pid)];
  await using strace = new BoundProgram(command, signal);
  const attached = strace.until("stderr", /attached/);
  const isAttached = await attached.then(() => true, () => false);
  if (!isAttached) {
    signal.throwIfAborted();
    return { why: `strace may not watch the server: ${strace.stderr.trim()}` };
  }
  await work();
  strace.kill("SIGINT"); // lets the server go, and writes the counts
  await strace.exitCode();
  return { calls: callsIn(await Deno.readTextFile(file)) };
}

/** Reads the table that `strace -c` writes; its last column is the name, its fourth the calls. */
export function callsIn(table: string): Record<string, number> {
  const rows = table.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/gm);
  return Object.fromEntries(
    [...rows].flatMap(([, calls, name = ""]) => name === "total" ? [] : [[name, Number(calls)]]),
  );
}
