/**
 * Where attacks take place: a server with a well-behaved client, and a second pair that nobody attacks.
 */
import { HtClient } from "../../../client.ts";
import { sleep } from "../../../lib/base/clock.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";
import {
  handles,
  memoryBytes,
  peakMemoryBytes,
  processorTime,
  resetPeakMemory,
  settledMemoryBytes,
} from "../../harness/process_watch.ts";
import { ALONE, fromSource, PATIENCE_MS, Program, TOP } from "../../harness/program.ts";
import { type Seen, SteadyClient } from "../../load/steady_client.ts";
import { AttackProcess, type Counts } from "./attack_process.ts";
import { Attack, type Scenario } from "./scenario.ts";

/** Memory may be so many times what it was at the start, when all is over. */
export const MEMORY_RATIO = 1.2;

/** Clients of the warm-up, and requests of each. */
const ORDINARY = { clients: 50, requests: 40, valueChars: 2_000 } as const;

/** What scenarios may have a server hold that do not say so, in bytes. */
const DEFAULT_HOLD_BYTES = 1_000_000;

/** How long the memory at the start is looked at, in milliseconds. */
const START_LOOK_MS = 300;

/** What a server takes, in bytes of resident memory. */
export interface MemorySeen {
  /** After ordinary use. */
  readonly start: number;
  /** With what the scenario put into the table. */
  readonly prepared: number;
  /** The most, from then on. */
  readonly peak: number;
  /** The least that was seen within the time given, as it is. */
  readonly after: number;
  /** How long it took to be within bounds, in milliseconds; null: it did not happen. */
  readonly tookMs: number | null;
  /** The least after a forced garbage collection. */
  readonly collected: number;
}

/** What came of one attack. */
export interface Outcome {
  readonly scenario: string;
  readonly what: string;
  readonly attackMs: number;
  readonly counts: Counts;
  /** The well-behaved client of the attacked server, and that of the other one. */
  readonly steady: Seen;
  readonly control: Seen;
  readonly memory: MemorySeen;
  /** By how much the memory's peak may exceed what it was when prepared, in bytes. */
  readonly mayHoldBytes: number;
  /** How much of the processor time that the server wanted it got: the rest went to others. */
  readonly processorShare: number;
  /** Clients and open files, before and after. */
  readonly clients: { readonly before: number; readonly after: number };
  readonly handles: { readonly before: number; readonly after: number };
  /** Lines of the server's log that speak of a bug. */
  readonly bugs: readonly string[];
}

/** How an attack is made. */
export interface AttackOptions {
  /** Share of the scenario's full numbers, up to 1. */
  readonly size: number;
  /** How long scenarios go on that have no end of their own, in milliseconds. */
  readonly durationMs: number;
  /** How long its memory is looked at as it is, in milliseconds; then garbage is collected. */
  readonly settleMs: number;
  /** How long the server has to give back what it then still holds, and its clients, in milliseconds. */
  readonly collectMs: number;
}

/** Two servers from source, with the executables' flags for V8, and what watches them. */
export class Stage implements AsyncDisposable {
  readonly #all: AsyncDisposableStack;
  readonly #server: Program;
  readonly #port: number;
  readonly #watcher: HtClient;
  readonly #steady: SteadyClient;

  private constructor(
    all: AsyncDisposableStack,
    server: Program,
    port: number,
    watcher: HtClient,
    steady: SteadyClient,
  ) {
    this.#all = all;
    this.#server = server;
    this.#port = port;
    this.#watcher = watcher;
    this.#steady = steady;
  }

  /** Starts all, and lets the servers be used as usual for a moment. */
  static async start({ flags = [], token }: Pick<Scenario, "flags" | "token"> = {}): Promise<
    Stage
  > {
    await using all = new AsyncDisposableStack();
    const own = [...flags];
    if (token !== undefined) {
      const path = await Deno.makeTempFile({ prefix: "htserver-token-" });
      all.defer(() => Deno.remove(path));
      await Deno.writeTextFile(path, token + "\n");
      own.push("--token-file", path);
    }
    const server = all.use(startServer(own));
    const control = all.use(startServer([]));
    const [port, controlPort] = [await server.port(), await control.port()];
    const auth = token === undefined ? {} : { token };
    const watcher = await HtClient.connect(`127.0.0.1:${port}`, auth);
    all.defer(() => watcher.close());
    const steady = all.use(await SteadyClient.start(port, controlPort, token));
    // A server that takes few clients gets few at a time.
    const atOnce = flags.includes("--max-clients") ? 10 : ORDINARY.clients;
    for (let clients = 0; clients < ORDINARY.clients; clients += atOnce) {
      for (const used of [port, controlPort]) await useAsUsual(used, atOnce, auth);
    }
    return new Stage(all.move(), server, port, watcher, steady);
  }

  /** Attacks, and says what came of it. */
  async attack(
    scenario: Scenario,
    { size, durationMs, settleMs, collectMs }: AttackOptions,
  ): Promise<Outcome> {
    const { pid } = this.#server;
    const { name, what } = scenario;
    await using attack = new AttackProcess(name, this.#port, size, durationMs);
    const start = await settledMemoryBytes(pid, { withinMs: START_LOOK_MS });
    const before = { clients: await this.#clients(), handles: (await handles(pid)).all };
    await attack.prepare();
    const prepared = await memoryBytes(pid);
    await resetPeakMemory(pid);
    await this.#steady.report();
    const processorBefore = await processorTime(pid);
    const beganMs = performance.now();
    const counts = await attack.run();
    const attackMs = performance.now() - beganMs;
    const processorShare = shareOf(processorBefore, await processorTime(pid));
    const { server: steady, control } = await this.#steady.report();
    const peak = await peakMemoryBytes(pid);
    await attack.cleanUp();
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
      collect: () => this.#server.kill("SIGUSR2"),
    });
    return {
      scenario: name,
      what,
      attackMs,
      counts,
      steady,
      control,
      memory: { start, prepared, peak, after, tookMs, collected },
      mayHoldBytes: mayHoldBytes(scenario, new Attack(this.#port, size, 0)),
      processorShare,
      clients: { before: before.clients, after: clients },
      handles: { before: before.handles, after: (await handles(pid)).all },
      bugs: this.#server.stderr.split("\n").filter((text) => text.includes("bug")),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#all.disposeAsync();
  }

  async #clients(): Promise<number> {
    return Number((await this.#watcher.info())["clients"]);
  }

  /** Clients, once there are no more than before or time is up. */
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

function mayHoldBytes({ mayHoldBytes }: Scenario, attack: Attack): number {
  return mayHoldBytes?.(attack) ?? DEFAULT_HOLD_BYTES;
}

/** Starts a server as its executable is; garbage is also collected on SIGUSR2. */
function startServer(flags: readonly string[]): Program {
  const v8Flags = PROGRAMS.find(({ name }) => name === "htserver")?.v8Flags ?? [];
  const [deno = "", subcommand = "", ...rest] = fromSource(
    "server.ts",
    ...["hostile-a4", ...ALONE, ...flags],
  );
  return new Program([
    deno,
    subcommand,
    `--v8-flags=${["--expose-gc", ...v8Flags].join(",")}`,
    `--preload=${TOP}bench/harness/collect_on_signal.ts`,
    ...rest,
  ]);
}

/** Clients that come, work and go as they should: what a server takes for that is its start. */
async function useAsUsual(
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
