/**
 * A well-behaved client at a fixed rate, in a process of its own: what others notice of a hostile one.
 *
 * Requests leave by a schedule whether earlier ones are answered or not, and a latency counts from the
 * intended start. Every reply is checked. A second client with the same schedule, in the same process,
 * has a server of its own that nobody else talks to: when the machine stalls, both show it.
 */
import { HtClient } from "../../client.ts";
import { sleep } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import { type LatencyData, LatencyHistogram } from "../../lib/perf/measure/histogram.ts";
import { answerLines, AskedProcess } from "../harness/asked_process.ts";

/** Requests a second to each of the two servers. */
export const STEADY_RATE = 200;

/** Keys that it works on in turn, and as many that stay. */
const KEYS = 50;

/** Pairs that one part of its scans may hold. */
const SCAN_LIMIT = 5;

/** Time that a reply may take, in milliseconds: on a busy machine it is seconds. */
const TIMEOUT_MS = 60_000;

/** Errors that are told in words; the others are counted. */
const TOLD_ERRORS = 5;

/** What one of the two clients saw. */
export interface Seen {
  readonly requests: number;
  readonly errors: number;
  /** The first of them, in words. */
  readonly told: readonly string[];
  readonly latency: LatencyData;
}

/** What both saw since the last report. */
export interface SteadyReport {
  readonly server: Seen;
  readonly control: Seen;
}

/** The process, as others see it. */
export class SteadyClient implements AsyncDisposable {
  readonly #process: AskedProcess;

  private constructor(process: AskedProcess) {
    this.#process = process;
  }

  /**
   * Starts both clients, and waits until they are served.
   *
   * @param port of the server that is attacked
   * @param controlPort of the one that is not
   * @param token of the first one (default: it wants none)
   */
  static async start(port: number, controlPort: number, token: string = ""): Promise<SteadyClient> {
    const process = new AskedProcess(
      "bench/load/steady_client.ts",
      ...[String(port), String(controlPort), token],
    );
    const client = new SteadyClient(process);
    await client.report();
    return client;
  }

  /** What was seen since the last report; all requests until now are answered, or count as errors. */
  async report(): Promise<SteadyReport> {
    return await this.#process.ask("report") as SteadyReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Requests of a stretch of time. */
class Recording {
  requests = 0;
  errors = 0;
  readonly told: string[] = [];
  readonly latency = new LatencyHistogram();
  readonly #open = new Set<Promise<void>>();

  /** Takes note of a request. @param done fulfilled where its reply was as it has to be */
  add(intendedMs: number, done: Promise<void>): void {
    this.requests++;
    const noted = done.catch((error) => this.#failed(messageOf(error))).then(() => {
      this.latency.record(performance.now() - intendedMs);
      this.#open.delete(noted);
    });
    this.#open.add(noted);
  }

  async seen(): Promise<Seen> {
    await Promise.all(this.#open);
    const { requests, errors, told } = this;
    return { requests, errors, told, latency: this.latency.data() };
  }

  #failed(why: string): void {
    this.errors++;
    if (this.told.length < TOLD_ERRORS) this.told.push(why);
  }
}

/** One client with its schedule. */
class Worker {
  readonly #client: HtClient;
  #recording = new Recording();
  #step = 0;

  private constructor(client: HtClient) {
    this.#client = client;
  }

  static async start(port: number, token: string): Promise<Worker> {
    const options = { timeoutMs: TIMEOUT_MS, ...(token === "" ? {} : { token }) };
    const client = await HtClient.connect(`127.0.0.1:${port}`, options);
    const worker = new Worker(client);
    for (let n = 0; n < KEYS; n++) await client.insert(stayingKey(n), valueOf(n));
    return worker;
  }

  /** Sends the request that is due. */
  send(intendedMs: number): void {
    this.#recording.add(intendedMs, this.#next());
  }

  async seen(): Promise<Seen> {
    const recording = this.#recording;
    this.#recording = new Recording();
    const seen = await recording.seen();
    const lost = this.#client.connections - 1;
    if (lost === 0) return seen;
    const told = [...seen.told, `it was disconnected ${lost} times`];
    return { ...seen, errors: seen.errors + lost, told };
  }

  /** Five requests on one key, then on the next one: so what each has to give is known. */
  async #next(): Promise<void> {
    const client = this.#client;
    const round = Math.floor(this.#step / 5);
    const key = `steady-turn-${round % KEYS}`;
    switch (this.#step++ % 5) {
      case 0:
        return await client.insert(key, valueOf(round));
      case 1:
        return expect("lookup", await client.lookupText(key), valueOf(round));
      case 2:
        return expectPairs(
          (await client.request({ method: "scan", regex: "^steady-stay-", limit: SCAN_LIMIT }))
            .result,
        );
      case 3:
        return expect("remove", await client.removeText(key), valueOf(round));
      default: {
        const size = await client.size();
        if (size < KEYS) throw new Error(`size gave ${size}, with ${KEYS} keys of its own`);
      }
    }
  }
}

/** Of a key that stays. */
function stayingKey(n: number): string {
  return `steady-stay-${n}`;
}

function valueOf(n: number): string {
  return `value ${n}`;
}

function expect(what: string, came: string, value: string): void {
  const wanted = JSON.stringify(value);
  if (came !== wanted) throw new Error(`${what} gave ${came} instead of ${wanted}`);
}

/** Some of the keys that stay, each with its value; a part of a scan may also be empty. */
function expectPairs(result: string): void {
  const pairs = JSON.parse(result) as [string, unknown][];
  if (pairs.length > SCAN_LIMIT) throw new Error(`scan gave ${pairs.length} pairs`);
  for (const [key, value] of pairs) {
    const n = Number(key.slice(stayingKey(0).length - 1));
    if (value !== valueOf(n)) throw new Error(`scan gave ${JSON.stringify(value)} for ${key}`);
  }
}

/** Runs both clients until nobody asks any more. */
async function main([port, controlPort, token = ""]: readonly string[]): Promise<void> {
  const workers = [
    await Worker.start(Number(port), token),
    await Worker.start(Number(controlPort), ""),
  ];
  const over = new AbortController();
  const sending = keepSending(workers, over.signal);
  await answerLines(async () => {
    const [server, control] = await Promise.all(workers.map((worker) => worker.seen()));
    return { server, control };
  });
  over.abort();
  await sending;
  Deno.exit(0); // replies that still come are not waited for
}

async function keepSending(workers: readonly Worker[], over: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  for (let k = 0; !over.aborted; k++) {
    const dueMs = startedMs + k * 1e3 / STEADY_RATE;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, over);
    // By turns, so that neither is always the second.
    for (const worker of k % 2 === 0 ? workers : workers.toReversed()) worker.send(dueMs);
  }
}

if (import.meta.main) await main(Deno.args);
