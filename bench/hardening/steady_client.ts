/**
 * A well-behaved client at a fixed rate, in a process of its own. It shows the effect of an attack on
 * other clients.
 *
 * It is an open loop of testperf: requests leave by a schedule, a latency counts from the intended
 * start, and every value is checked. A second client does the same to a server that is not attacked.
 * If the machine stalls, both show it.
 */
import { LineClient } from "../../lib/client/line_client.ts";
import { type LatencyData } from "../../lib/perf/measure/histogram.ts";
import { errorCount, type StageData } from "../../lib/perf/measure/stage_data.ts";
import { runStage } from "../../lib/perf/run/stage.ts";
import { ClientKeys } from "../../lib/perf/workload/client_keys.ts";
import { createKeyChoice } from "../../lib/perf/workload/key_distribution.ts";
import { Keys } from "../../lib/perf/workload/keys.ts";
import { TableWorkload, type Tasks } from "../../lib/perf/workload/operation.ts";
import { randomFractions } from "../../lib/perf/workload/seeded_streams.ts";
import { fillTasks, mixTasks, reserveTasks } from "../../lib/perf/workload/tasks.ts";
import { answerOrders, HelperProcess } from "../harness/helper_process.ts";

/** Requests a second to each of the two servers. */
const STEADY_RATE = 200;

/** Number of keys for lookups, and of those for inserts and removes. */
const KEYS = 50;

const VALUE_BYTES = 100;

/** Percent of each operation. */
const MIX = { lookup: 50, insert: 25, remove: 25 };

/** The time limit of a reply, in milliseconds: on a busy machine it takes seconds. */
const TIMEOUT_MS = 60_000;

/** The length of a schedule, in milliseconds: longer than any attack. A report ends it. */
const ENDLESS_MS = 3_600_000;

/** The observations of one client. */
export interface ClientReport {
  readonly requests: number;
  readonly errors: number;
  /** Some of the errors, as sentences. */
  readonly messages: readonly string[];
  readonly latency: LatencyData;
}

/** The observations of both clients since the last report. */
export interface SteadyReport {
  readonly server: ClientReport;
  readonly control: ClientReport;
}

/** The process of both clients, as its parent uses it. */
export type SteadyClient = HelperProcess<"report", SteadyReport>;

/**
 * Starts both clients, and waits until the servers reply to them. `report` asks for the observations
 * since the last report, after the replies to all requests so far.
 *
 * @param port of the server that is attacked
 * @param controlPort of the server that is not
 * @param token of the first server (default: none)
 */
export async function startSteadyClient(
  port: number,
  controlPort: number,
  token: string = "",
): Promise<SteadyClient> {
  const args = [String(port), String(controlPort), token];
  const client: SteadyClient = new HelperProcess("bench/hardening/steady_client.ts", ...args);
  await client.ask("report");
  return client;
}

/** One of the two clients. */
class SteadyLoad {
  readonly #client: LineClient;
  readonly #workload: TableWorkload;
  readonly #keys = new ClientKeys(0, 1, KEYS);
  #stage: Promise<StageData>;
  #isOver = false;

  private constructor(client: LineClient, seed: number) {
    this.#client = client;
    this.#workload = new TableWorkload(new Keys(seed), VALUE_BYTES, true);
    this.#stage = this.#fill();
  }

  static async start(port: number, token: string): Promise<SteadyLoad> {
    const options = { timeoutMs: TIMEOUT_MS, ...(token === "" ? {} : { token }) };
    return new SteadyLoad(await LineClient.connect(`127.0.0.1:${port}`, options), port);
  }

  /** Ends the schedule, and starts a new one. */
  async report(): Promise<ClientReport> {
    this.#isOver = true;
    const { sum, firstError } = await this.#stage;
    const lost = this.#client.connections - 1;
    this.#isOver = false;
    const choose = createKeyChoice({ kind: "uniform" }, KEYS, randomFractions(1));
    const mix = mixTasks(MIX, this.#keys, choose, randomFractions(2));
    const tasks = { next: () => this.#isOver ? undefined : mix.next() };
    this.#stage = this.#run(tasks, STEADY_RATE);
    const errors = errorCount(sum.errors);
    return {
      requests: sum.ops + errors,
      errors: errors + lost,
      messages: [
        ...firstError === null ? [] : [firstError],
        ...lost === 0 ? [] : [`it was disconnected ${lost} times`],
      ],
      latency: sum.latency,
    };
  }

  /** Inserts the keys that are looked up, and some that can be removed. */
  async #fill(): Promise<StageData> {
    await this.#run(fillTasks(this.#keys), undefined);
    return await this.#run(reserveTasks(this.#keys, KEYS), undefined);
  }

  #run(tasks: Tasks, ratePerS: number | undefined): Promise<StageData> {
    return runStage({
      stage: "steady",
      clients: [this.#client],
      workload: this.#workload,
      tasks: () => tasks,
      length: { durationMs: ENDLESS_MS },
      ratePerS,
    });
  }
}

if (import.meta.main) {
  const [port, controlPort, token = ""] = Deno.args;
  const load = await SteadyLoad.start(Number(port), token);
  const controlLoad = await SteadyLoad.start(Number(controlPort), "");
  await answerOrders(async () => {
    const [server, control] = await Promise.all([load.report(), controlLoad.report()]);
    return { server, control };
  });
  Deno.exit(0); // without the replies to the last requests
}
