/** A server under attack with a well-behaved client, and a second pair that is not attacked. */
import { HtClient } from "../../client.ts";
import { sleep } from "../../lib/base/clock.ts";
import {
  handles,
  memoryBytes,
  peakMemoryBytes,
  processorTime,
  resetPeakMemory,
  settledMemoryBytes,
} from "../harness/process_watch.ts";
import { startHtserver } from "../harness/htserver.ts";
import { PATIENCE_MS, type Program } from "../harness/program.ts";
import { type Counts, startAttacker } from "./attack_process.ts";
import { Attack, type Scenario } from "./attacks/scenario.ts";
import { type ClientReport, startSteadyClient, type SteadyClient } from "./steady_client.ts";

/** Maximum of the memory after an attack, relative to that at the start. */
export const MEMORY_RATIO = 1.2;

/** The ordinary clients before an attack, and the requests of each. */
const ORDINARY = { clients: 50, requests: 40, valueChars: 2_000 } as const;

/** The memory that a scenario without a bound of its own may take, in bytes. */
const DEFAULT_HOLD_BYTES = 1_000_000;

/** The time to read the memory at the start, in milliseconds. */
const START_LOOK_MS = 300;

/** Resident memory of the server, in bytes. */
export interface MemoryFigures {
  /** After ordinary use. */
  readonly start: number;
  /** With the keys of the scenario. */
  readonly prepared: number;
  /** The peak after that. */
  readonly peak: number;
  /** The lowest value after the attack, before the forced garbage collection. */
  readonly after: number;
  /** The time until it was within bounds, in milliseconds; null: it never was. */
  readonly tookMs: number | null;
  /** The lowest value after the forced garbage collection. */
  readonly collected: number;
}

/** The outcome of one attack. */
export interface Outcome {
  readonly scenario: string;
  readonly what: string;
  readonly attackMs: number;
  readonly counts: Counts;
  /** The well-behaved clients of the attacked server and of the other one. */
  readonly steady: ClientReport;
  readonly control: ClientReport;
  readonly memory: MemoryFigures;
  /** Maximum of `peak` minus `prepared`, in bytes. */
  readonly mayHoldBytes: number;
  /** The share of the wanted processor time that the server got. */
  readonly processorShare: number;
  /** Clients and open files, before and after the attack. */
  readonly clients: { readonly before: number; readonly after: number };
  readonly handles: { readonly before: number; readonly after: number };
  /** Lines of the server's log that report a bug. */
  readonly bugs: readonly string[];
}

/** The size of an attack. */
export interface AttackOptions {
  /** Share of the full numbers of the scenario, up to 1. */
  readonly size: number;
  /** The length of a scenario without an end of its own, in milliseconds. */
  readonly durationMs: number;
  /** The time to read the memory after the attack, in milliseconds, before the forced collection. */
  readonly settleMs: number;
  /** The time for the collection, and for clients to disappear, in milliseconds. */
  readonly collectMs: number;
}

/** The parts of an attacked server. */
interface Parts {
  /** Ends all of them. */
  readonly all: AsyncDisposableStack;
  readonly server: Program;
  readonly port: number;
  readonly watcher: HtClient;
  readonly steady: SteadyClient;
}

/** Both servers and the well-behaved clients, until disposal. */
export class AttackedServer implements AsyncDisposable {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Starts everything, and loads the servers with ordinary clients for a moment. */
  static async start(
    { flags = [], token }: Pick<Scenario, "flags" | "token"> = {},
  ): Promise<AttackedServer> {
    await using all = new AsyncDisposableStack();
    const own = ["--memory", ...flags];
    if (token !== undefined) {
      const path = await Deno.makeTempFile({ prefix: "htserver-token-" });
      all.defer(() => Deno.remove(path));
      await Deno.writeTextFile(path, token + "\n");
      own.push("--token-file", path);
    }
    const server = all.use(startHtserver(own));
    const control = all.use(startHtserver(["--memory"]));
    const [port, controlPort] = [await server.port(), await control.port()];
    const auth = token === undefined ? {} : { token };
    const watcher = await HtClient.connect(`127.0.0.1:${port}`, auth);
    all.defer(() => watcher.close());
    const steady = all.use(await startSteadyClient(port, controlPort, token));
    // A server with a low client limit gets few clients at a time.
    const atOnce = flags.includes("--max-clients") ? 10 : ORDINARY.clients;
    for (let clients = 0; clients < ORDINARY.clients; clients += atOnce) {
      for (const used of [port, controlPort]) await runOrdinaryClients(used, atOnce, auth);
    }
    return new AttackedServer({ all: all.move(), server, port, watcher, steady });
  }

  /** Runs an attack, and returns the outcome. */
  async attack(
    scenario: Scenario,
    { size, durationMs, settleMs, collectMs }: AttackOptions,
  ): Promise<Outcome> {
    const { server, port, steady: client } = this.#parts;
    const { pid } = server;
    const { name, what } = scenario;
    await using attack = startAttacker(name, port, size, durationMs);
    const start = await settledMemoryBytes(pid, { withinMs: START_LOOK_MS });
    const before = { clients: await this.#clients(), handles: (await handles(pid)).all };
    await attack.ask("prepare");
    const prepared = await memoryBytes(pid);
    await resetPeakMemory(pid);
    await client.ask("report");
    const processorBefore = await processorTime(pid);
    const beganMs = performance.now();
    const counts = await attack.ask("run");
    const attackMs = performance.now() - beganMs;
    const processorShare = shareOf(processorBefore, await processorTime(pid));
    const { server: steady, control } = await client.ask("report");
    const peak = await peakMemoryBytes(pid);
    await attack.ask("cleanUp");
    const clients = await this.#clientsWithin(before.clients, collectMs);
    const enoughBytes = MEMORY_RATIO * start;
    const fromMs = performance.now();
    const after = Math.min(
      await memoryBytes(pid),
      await settledMemoryBytes(pid, { enoughBytes, withinMs: settleMs }),
    );
    const tookMs = after <= enoughBytes ? performance.now() - fromMs : null;
    const collected = await settledMemoryBytes(pid, {
      enoughBytes,
      withinMs: collectMs,
      collect: () => server.kill("SIGUSR2"),
    });
    return {
      scenario: name,
      what,
      attackMs,
      counts,
      steady,
      control,
      memory: { start, prepared, peak, after, tookMs, collected },
      mayHoldBytes: scenario.mayHoldBytes?.(new Attack(port, size, 0)) ?? DEFAULT_HOLD_BYTES,
      processorShare,
      clients: { before: before.clients, after: clients },
      handles: { before: before.handles, after: (await handles(pid)).all },
      bugs: server.stderr.split("\n").filter((text) => text.includes("bug")),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.all.disposeAsync();
  }

  async #clients(): Promise<number> {
    return Number((await this.#parts.watcher.info())["clients"]);
  }

  /** Waits until there are no more clients than before, or time is up, and returns their number. */
  async #clientsWithin(before: number, withinMs: number): Promise<number> {
    for (const endMs = performance.now() + withinMs;; await sleep(20)) {
      const now = await this.#clients();
      if (now <= before || performance.now() > endMs) return now;
    }
  }
}

type ProcessorTime = Awaited<ReturnType<typeof processorTime>>;

function shareOf(before: ProcessorTime, after: ProcessorTime): number {
  const runMs = after.runMs - before.runMs;
  return runMs / (runMs + after.waitMs - before.waitMs);
}

/** Runs ordinary clients. `MemoryFigures.start` is the memory after them. */
async function runOrdinaryClients(
  port: number,
  clients: number,
  auth: { readonly token?: string },
): Promise<void> {
  await Promise.all(Array.from({ length: clients }, async (_, number) => {
    const client = await HtClient.connect(`127.0.0.1:${port}`, { timeoutMs: PATIENCE_MS, ...auth });
    const value = "v".repeat(ORDINARY.valueChars);
    const keys = Array.from({ length: ORDINARY.requests }, (_, n) => `usual-${number}-${n}`);
    await Promise.all(keys.map((key) => client.insert(key, value)));
    await Promise.all(keys.map((key) => client.lookup(key)));
    await Promise.all(keys.map((key) => client.remove(key)));
    await client.close();
  }));
}
