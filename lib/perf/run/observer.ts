/** The observer of a measurement: a connection that sees the other testperf processes at the server. */
import { settlesWithin, sleep } from "../../base/clock.ts";
import { HtClient } from "../../client/client.ts";
import type { ClientOptions } from "../../client/client_options.ts";
import { agentWithStart, type Peers, peersIn } from "./agent.ts";
import type { RunTarget } from "./share.ts";

/** Maximum time for a reply, in milliseconds: a server that is gone must not delay the measurement. */
const REPLY_MS = 1_000;

/** Time between two looks during a measurement, in milliseconds. */
const EACH_MS = 1_000;

/** A connection that does not measure. */
export class Observer implements AsyncDisposable {
  /** Identity of the server's process; null before the first look, or if it has none. */
  instance: string | null = null;
  /** Number of keys of the table before the measurement; null if it is unknown. */
  earlierKeys: number | null = null;
  readonly #client: HtClient;
  readonly #agent: string;
  readonly #end = new AbortController();
  #looking: Promise<void> | undefined;
  #isCounting = false;
  #others: number | null = null;

  private constructor(client: HtClient, agent: string) {
    this.#client = client;
    this.#agent = agent;
  }

  /**
   * Connects to the server.
   *
   * @param options of the connection, with the agent of this process
   * @throws {HtError} if it is not found, or rejects this client
   */
  static async connect(
    target: string,
    options: ClientOptions & { readonly agent: string },
  ): Promise<Observer> {
    let isConnected = false;
    // Later, the clients of the measurement report a lost connection.
    const onWarning = (text: string) => void (isConnected || options.onWarning?.(text));
    const client = await HtClient.connect(target, { ...options, onWarning });
    isConnected = true;
    return new Observer(client, options.agent);
  }

  /** The server and its table. */
  get server(): RunTarget {
    return { address: this.#client.address, table: this.#client.table };
  }

  /**
   * The largest number of other testperf processes while this one measured; null if the server does not
   * report them.
   */
  get others(): number | null {
    return this.#others;
  }

  /** Reads the other testperf processes; undefined if the server does not report them now. */
  async look(): Promise<Peers | undefined> {
    const isCounted = this.#isCounting;
    let info: unknown;
    const reading = this.#client.info().then((members) => void (info = members));
    if (!await isDone(reading)) return undefined;
    // A server of another kind can reply with anything.
    const { instance, agents, size }: Partial<Record<string, unknown>> = Object(info);
    if (typeof instance === "string") this.instance = instance;
    if (this.#looking === undefined && typeof size === "number") this.earlierKeys = size;
    const peers = peersIn(agents, this.#agent);
    if (peers !== undefined && isCounted) {
      this.#others = Math.max(this.#others ?? 0, peers.size);
    }
    return peers;
  }

  /** Announces the start of this run to the others. */
  async announce(startUnixMs: number): Promise<void> {
    const agent = agentWithStart(this.#agent, startUnixMs);
    await isDone(this.#client.request({ method: "hello", agent }));
  }

  /** A measurement begins: counts the others each second, and at each look. */
  count(): void {
    this.#isCounting = true;
    this.#looking ??= this.#keepLooking();
  }

  /** The measurement ends: processes that come while this one removes its keys do not count. */
  endCount(): void {
    this.#isCounting = false;
  }

  async #keepLooking(): Promise<void> {
    do await this.look(); while (await sleep(EACH_MS, this.#end.signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#client.close();
    await this.#looking;
  }
}

/** Whether a request succeeds in time. A failure is that of the measurement, which reports it. */
async function isDone(request: Promise<unknown>): Promise<boolean> {
  try {
    return await settlesWithin(request, REPLY_MS);
  } catch {
    return false;
  }
}
