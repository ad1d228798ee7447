/**
 * The demo of a shared store (`deno task demo --cluster`): a Redis Cluster, a catalog, two gateways of
 * one name, and clients that check each value. It kills a master and a gateway meanwhile.
 */
import { sleep } from "../../../lib/base/clock.ts";
import { EXIT, ExitError, messageOf } from "../../../lib/base/errors.ts";
import { HtClient } from "../../../lib/client/client.ts";
import { isInstalled } from "../../../bench/harness/program.ts";
import { RedisCluster } from "../../../bench/harness/redis/redis_cluster.ts";
import { type Listener, LocalPrograms } from "../local_programs.ts";
import { printProblem, printStep, WIDTH } from "../printing.ts";
import { CheckingLoad } from "./checking_load.ts";
import { ClientView } from "./client_view.ts";
import { formatView } from "./cluster_report.ts";

/** Number of clients: with as many, both gateways have some in all but one of 128 runs. */
const CLIENTS = 8;

/** The cluster replaces a master that is silent for this time, in milliseconds. */
const NODE_TIMEOUT_MS = 2_000;

/** Time with clients at work and no new fault, before each fault and at the end, in milliseconds. */
const CALM_MS = 1_000;

/** Pause between two looks at the catalog, in milliseconds. */
const LOOK_MS = 50;

/** Replies of each client after a fault, until the fault counts as over. */
const REPLIES_AFTER_FAULT = 50;

/**
 * Runs the demo, and prints what the clients saw.
 *
 * @param endMs the end of the time, in milliseconds of `performance.now()`
 * @param stop aborted when the demo must end, with a sentence as reason
 * @returns the exit code: 1 if anything was lost or wrong, or a part failed
 * @throws {ExitError} without redis-server
 */
export async function runClusterDemo(endMs: number, stop: AbortController): Promise<number> {
  if (!isInstalled("redis-server")) {
    throw new ExitError(
      "--cluster needs redis-server, which is not installed (Debian: apt-get install redis-server)",
    );
  }
  const isOver = new AbortController();
  void sleep(endMs - performance.now(), isOver.signal).then((isLate) => {
    if (isLate) stop.abort("the time was up: this machine is slow or busy");
  });
  const view = new ClientView();
  let problem: string | undefined;
  try {
    await using cluster = await RedisCluster.start({
      nodeTimeoutMs: NODE_TIMEOUT_MS,
      signal: stop.signal,
    });
    await using programs = new LocalPrograms();
    await new ClusterDemo(programs, cluster, view, stop).run();
  } catch (error) {
    problem = messageOf(error);
  }
  isOver.abort();
  if (stop.signal.aborted) problem = messageOf(stop.signal.reason);
  if (view.requests > 0) console.log(`\n${formatView(view, CLIENTS, WIDTH)}`);
  if (problem !== undefined) printProblem(problem);
  const isRight = problem === undefined && view.lost === 0 && view.wrong === 0;
  return isRight ? EXIT.ok : EXIT.failed;
}

/** The steps of one demo, over a cluster that runs. */
class ClusterDemo {
  readonly #programs: LocalPrograms;
  readonly #cluster: RedisCluster;
  readonly #view: ClientView;
  readonly #stop: AbortController;
  readonly #name = `demo-a4-${crypto.randomUUID().slice(0, 4)}`;

  constructor(
    programs: LocalPrograms,
    cluster: RedisCluster,
    view: ClientView,
    stop: AbortController,
  ) {
    this.#programs = programs;
    this.#cluster = cluster;
    this.#view = view;
    this.#stop = stop;
  }

  /** Runs all steps. @throws the reason if the demo must end, or the error of a part */
  async run(): Promise<void> {
    const ports = this.#cluster.nodes.map(({ port }) => port);
    printStep(
      `A Redis Cluster of 3 masters, each with a replica, runs on 127.0.0.1, ports ${
        ports.join(", ")
      }`,
      "redis-cli --cluster create ... --cluster-replicas 1",
    );
    const catalog = await this.#listener("the catalog", "catalog.ts", ["--port", "0"]);
    printStep(`A catalog listens on 127.0.0.1:${catalog.port}`, "htcatalog --host 127.0.0.1");
    const gateways = await this.#startGateways(catalog);
    const connect = () => this.#within(this.#connect(catalog));
    await this.#within(this.#untilListed(catalog, gateways.length));
    const clients = await Promise.all(Array.from({ length: CLIENTS }, connect));
    const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
    const load = new CheckingLoad(clients, this.#view, seed);
    const counts = gateways.map(({ port }) => load.clientsAt(port)).join(" and ");
    printStep(
      `${CLIENTS} clients insert, look up, and check each value; the gateways have ${counts}`,
    );
    load.start((error) => this.#stop.abort(`a client could not go on: ${messageOf(error)}`));
    await this.#calm(load);
    await this.#killMaster(load);
    await this.#calm(load);
    await this.#killGateway(load, gateways);
    await this.#calm(load);
    await this.#within(load.finish());
    const checker = await connect();
    await this.#within(load.check(checker));
    await Promise.all([...clients, checker].map((client) => client.close()));
  }

  async #startGateways(catalog: Listener): Promise<Listener[]> {
    // No lookup may be stale, so that each value can be checked.
    const url = `${this.#cluster.url}?reads=fenced`;
    const args = [this.#name, "--store", url, ...["--catalog", `127.0.0.1:${catalog.port}`]];
    const start = (number: string) =>
      this.#listener(`the ${number} gateway`, "server.ts", [...args, "--local-catalog", "off"]);
    const gateways = await Promise.all([start("first"), start("second")]);
    printStep(
      `Two gateways named ${this.#name} listen on ports ${
        gateways.map(({ port }) => port).join(" and ")
      }`,
      `htserver ${this.#name} --store redis-cluster://${this.#cluster.nodes[0]?.name},...`,
    );
    return gateways;
  }

  async #killMaster(load: CheckingLoad): Promise<void> {
    const [master] = this.#cluster.nodes;
    if (master === undefined) throw new Error("the cluster has no node");
    printStep(
      `Kills the master on port ${master.port}, which has a third of the keys`,
      `kill -9 ${master.pid}`,
    );
    const startMs = performance.now();
    this.#view.stretch = "when a master was killed";
    await this.#within(master.kill());
    await this.#within(this.#cluster.waitForFailover(0, master));
    printStep(
      `Its replica is the master after ${secondsSince(startMs)}, of which the node timeout is ${
        NODE_TIMEOUT_MS / 1e3
      } s. It takes no changes yet, because it has no replica itself. Starts the killed node again, which becomes that replica`,
      "redis-server redis.conf",
    );
    await this.#within(master.start());
    await this.#within(this.#cluster.waitUntilHealthy());
    await this.#progress(load);
    printStep(`All clients go on ${secondsSince(startMs)} after the kill`);
  }

  async #killGateway(load: CheckingLoad, gateways: readonly Listener[]): Promise<void> {
    const [gateway] = gateways.toSorted((a, b) => load.clientsAt(b.port) - load.clientsAt(a.port));
    if (gateway === undefined) throw new Error("no gateway runs");
    printStep(
      `Kills the gateway on port ${gateway.port}, which ${
        load.clientsAt(gateway.port)
      } of ${CLIENTS} clients use`,
      `kill -9 ${gateway.pid}`,
    );
    const startMs = performance.now();
    this.#view.stretch = "when a gateway was killed";
    await gateway.kill();
    await this.#progress(load);
    printStep(`All clients go on ${secondsSince(startMs)} after the kill, with the other gateway`);
  }

  #connect(catalog: Listener): Promise<HtClient> {
    return HtClient.connect(this.#name, {
      catalogs: [{ hostname: "127.0.0.1", port: catalog.port }],
      localCatalogPort: null,
    });
  }

  /** Waits until clients find all gateways: they announce themselves after their start. */
  async #untilListed(catalog: Listener, gateways: number): Promise<void> {
    for (let found = 0; found < gateways;) {
      const client = await this.#connect(catalog);
      found = client.servers.length;
      await client.close();
      if (!await sleep(LOOK_MS, this.#stop.signal)) return;
    }
  }

  #listener(what: string, entry: string, args: readonly string[]): Promise<Listener> {
    const onEnd = (how: string): void => this.#stop.abort(`${what} ended early, with ${how}`);
    return this.#within(
      this.#programs.startListener(entry, [...args, "--host", "127.0.0.1"], onEnd),
    );
  }

  async #calm(load: CheckingLoad): Promise<void> {
    await this.#within(sleep(CALM_MS));
    await this.#progress(load);
  }

  async #progress(load: CheckingLoad): Promise<void> {
    const { signal } = this.#stop;
    if (!await load.progress(REPLIES_AFTER_FAULT, signal)) throw signal.reason;
  }

  /** Waits for a step. @throws the reason if the demo must end before it */
  async #within<T>(step: Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([step, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

function secondsSince(startMs: number): string {
  return `${((performance.now() - startMs) / 1e3).toFixed(1)} s`;
}
