/**
 * The observer of a measurement: it sees the other testperf processes at the server. With a shared table,
 * it has a connection to each of its servers, because each server reports only its own clients.
 */
import { settlesWithin, sleep } from "../../base/clock.ts";
import { HtClient } from "../../client/client.ts";
import type { ClientOptions } from "../../client/client_options.ts";
import { agentWithStart, mergePeers, type Peers, peersIn } from "./agent.ts";
import { serversOf } from "./connect_clients.ts";
import type { RunTarget } from "./share.ts";

/** Maximum time for a reply, in milliseconds: a server that is gone must not delay the measurement. */
const REPLY_MS = 1_000;

/** Time between two looks during a measurement, in milliseconds. */
const EACH_MS = 1_000;

/** Connections that do not measure. */
export class Observer implements AsyncDisposable {
  /** Identity of the server's process; null before the first look, or if it has none, or with several. */
  instance: string | null = null;
  /** Number of keys of the table before the measurement; null if it is unknown. */
  earlierKeys: number | null = null;
  /** One for each server; at least one. */
  readonly #clients: readonly [HtClient, ...HtClient[]];
  readonly #agent: string;
  readonly #end = new AbortController();
  #looking: Promise<void> | undefined;
  #isCounting = false;
  #others: number | null = null;

  private constructor(clients: readonly [HtClient, ...HtClient[]], agent: string) {
    this.#clients = clients;
    this.#agent = agent;
  }

  /**
   * Connects to the server, and to all others of a shared table.
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
    const { table } = client;
    const others = await Promise.allSettled(
      serversOf(client).slice(1).map((at) =>
        HtClient.connect(target, { ...options, at, table, onWarning })
      ),
    );
    // A server that has ended meanwhile has no clients.
    const connected = others.flatMap((other) => other.status === "fulfilled" ? other.value : []);
    return new Observer([client, ...connected], options.agent);
  }

  /** The servers and their table. */
  get server(): RunTarget {
    const [client] = this.#clients;
    return { servers: serversOf(client), table: client.table };
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
    const peers = mergePeers(await Promise.all(this.#clients.map((client) => this.#read(client))));
    if (peers !== undefined && isCounted) {
      this.#others = Math.max(this.#others ?? 0, peers.size);
    }
    return peers;
  }

  /** Reads the other processes at one server. */
  async #read(client: HtClient): Promise<Peers | undefined> {
    let info: unknown;
    const reading = client.info().then((members) => void (info = members));
    if (!await isDone(reading)) return undefined;
    // A server of another kind can reply with anything.
    const { instance, agents, size }: Partial<Record<string, unknown>> = Object(info);
    if (typeof instance === "string" && this.#clients.length === 1) this.instance = instance;
    if (this.#looking === undefined && typeof size === "number") this.earlierKeys = size;
    return peersIn(agents, this.#agent);
  }

  /** Announces the start of this run to the others. */
  async announce(startUnixMs: number): Promise<void> {
    const agent = agentWithStart(this.#agent, startUnixMs);
    await Promise.all(
      this.#clients.map((client) => isDone(client.request({ method: "hello", agent }))),
    );
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
    await Promise.all(this.#clients.map((client) => client.close()));
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
