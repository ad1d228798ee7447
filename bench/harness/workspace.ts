/** The folder and the servers of one benchmark, all of which go with it. */
import type { Problems } from "./problems.ts";
import { Generator } from "./generator.ts";
import { OutOfTime } from "./interrupt.ts";
import type { PeerName } from "./peer.ts";
import { prepare } from "./rounds.ts";
import { htserverCommand, missingFor, type RunningPeer, startPeer } from "../peers/servers.ts";

/** With fewer there is no ratio. */
const MIN_PEERS = 2;

/** Where a benchmark runs: its files, its load generator, and how to start servers. */
export class Site implements AsyncDisposable {
  readonly generator: Generator;
  readonly #folder: string;
  readonly #htserver: readonly string[];
  readonly #earlier: readonly string[] | undefined;
  readonly #signal: AbortSignal;
  readonly #running = new AsyncDisposableStack();

  private constructor(
    folder: string,
    generator: Generator,
    htserver: readonly string[],
    earlier: readonly string[] | undefined,
    signal: AbortSignal,
  ) {
    this.#folder = folder;
    this.generator = generator;
    this.#htserver = htserver;
    this.#earlier = earlier;
    this.#signal = signal;
  }

  /**
   * Compiles the load generator, and htserver unless an executable is named.
   *
   * @param executable of htserver (default: built from the sources as they are)
   * @param signal ends everything
   * @param earlier executable of an earlier version, to be compared with
   */
  static async make(
    executable: string | undefined,
    signal: AbortSignal,
    earlier?: string,
  ): Promise<Site> {
    const folder = await Deno.makeTempDir({ dir: diskFolder(), prefix: "htserver-peers-" });
    try {
      const generator = await Generator.compile(folder, signal);
      const htserver = executable
        ? [await Deno.realPath(executable)]
        : await htserverCommand(folder);
      const before = earlier ? [await Deno.realPath(earlier)] : undefined;
      return new Site(folder, generator, htserver, before, signal);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** Starts a server; it ends with the site, or earlier. */
  async start(name: PeerName): Promise<RunningPeer> {
    const options = {
      folder: this.#folder,
      htserver: this.#htserver,
      earlier: this.#earlier,
      signal: this.#signal,
    };
    try {
      return this.#running.use(await startPeer(name, options));
    } catch (error) {
      this.#signal.throwIfAborted(); // that is why it did not start
      throw error;
    }
  }

  /** Whether what a server needs is installed. */
  async canStart(name: PeerName): Promise<boolean> {
    return await missingFor(name) === undefined;
  }

  /**
   * Starts servers and makes them ready to be measured, one after the other.
   *
   * @param keys of their tables
   * @param readyByMs as `performance.now()`: none is begun after that, but for the first two, so that
   *   there is time to measure
   * @param problems takes the servers that failed or for which there was no time
   * @param onMissing called with the name of a server that is not installed
   */
  async startAll(
    names: Iterable<PeerName>,
    keys: number,
    readyByMs: number,
    problems: Problems,
    onMissing: (why: string) => void,
  ): Promise<Map<PeerName, RunningPeer>> {
    const peers = new Map<PeerName, RunningPeer>();
    for (const name of names) {
      const missing = await missingFor(name);
      if (missing !== undefined) onMissing(missing);
      else if (peers.size >= MIN_PEERS && performance.now() > readyByMs) {
        problems.add(name, new OutOfTime("there was no time to start it"));
      } else {
        try {
          const peer = await this.start(name);
          await prepare(this.generator, peer, keys);
          peers.set(name, peer);
        } catch (error) {
          problems.add(name, error, this.#signal);
        }
      }
    }
    return peers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Where to put files that are to be on a disk: /tmp is in memory on many machines. */
function diskFolder(): string {
  return Deno.env.get("TMPDIR") || "/var/tmp";
}
