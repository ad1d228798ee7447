/** The folder, the load generator and the servers of one benchmark. */
import { TemporaryFolder } from "../harness/folders.ts";
import { OutOfTime } from "../harness/interrupt.ts";
import type { Problems } from "../harness/problems.ts";
import { Generator } from "../load/generator.ts";
import type { PeerName } from "./peer.ts";
import { prepare } from "./rounds.ts";
import {
  htserverCommand,
  missingFor,
  type RunningPeer,
  type StartOptions,
  startPeer,
} from "./servers.ts";

/** A ratio needs two servers. */
const MIN_PEERS = 2;

/** All that a benchmark uses, until disposal. */
export class Workspace implements AsyncDisposable {
  readonly generator: Generator;
  readonly #options: StartOptions;
  readonly #folder: TemporaryFolder;
  readonly #running = new AsyncDisposableStack();

  private constructor(folder: TemporaryFolder, generator: Generator, options: StartOptions) {
    this.#folder = folder;
    this.generator = generator;
    this.#options = options;
  }

  /**
   * Compiles the load generator, and htserver unless an executable is given.
   *
   * @param executable of htserver (default: built from the sources)
   * @param signal ends everything
   * @param earlier executable of an earlier version (default: none)
   */
  static async make(
    executable: string | undefined,
    signal: AbortSignal,
    earlier?: string,
  ): Promise<Workspace> {
    using stack = new DisposableStack();
    const folder = stack.use(new TemporaryFolder({ isOnDisk: true }));
    const generator = await Generator.compile(folder.path, signal);
    const htserver = executable
      ? [await Deno.realPath(executable)]
      : await htserverCommand(folder.path);
    const before = earlier ? [await Deno.realPath(earlier)] : undefined;
    stack.move();
    const options = { folder: folder.path, htserver, earlier: before, signal };
    return new Workspace(folder, generator, options);
  }

  /** Starts a server. It ends with the workspace, or earlier. */
  async start(name: PeerName): Promise<RunningPeer> {
    try {
      return this.#running.use(await startPeer(name, this.#options));
    } catch (error) {
      this.#options.signal.throwIfAborted(); // Then the signal is the reason.
      throw error;
    }
  }

  /**
   * Starts servers one after another, and prepares them.
   *
   * @param keys of their tables
   * @param readyByMs by `performance.now()`; no server is started later, except the first two
   * @param problems receives the servers that failed, or that there was no time for
   * @param say reports a server that is not installed
   */
  async startAll(
    names: Iterable<PeerName>,
    keys: number,
    readyByMs: number,
    problems: Problems,
    say: (what: string) => void,
  ): Promise<Map<PeerName, RunningPeer>> {
    const peers = new Map<PeerName, RunningPeer>();
    for (const name of names) {
      const missing = missingFor(name);
      if (missing !== undefined) say(`without ${missing}`);
      else if (peers.size >= MIN_PEERS && performance.now() > readyByMs) {
        problems.add(name, new OutOfTime("there was no time to start it"));
      } else {
        await problems.attempt(name, async () => {
          const peer = await this.start(name);
          await prepare(this.generator, peer, keys);
          peers.set(name, peer);
        }, this.#options.signal);
      }
    }
    return peers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}
