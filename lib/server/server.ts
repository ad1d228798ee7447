/** A running server: wires the parts of one process together, and stops them in order. */
import type { ListenAddress } from "../base/address.ts";
import { DRAIN_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { Agents } from "../commands/agents.ts";
import type { SessionContext } from "../commands/session_commands.ts";
import { tokenCheck } from "../engine/auth.ts";
import type { Engine, MakeEngine } from "../engine/engine.ts";
import { PollBarrier } from "../runtime/poll_barrier.ts";
import { EventLoopYielder } from "../runtime/yielding.ts";
import { Acceptor } from "./acceptor.ts";
import { listen, listeningAt, type ListenOptions } from "./listener.ts";
import { type PublishedOptions, ServerInfo } from "./server_info.ts";

/** The settings of a server. */
export type HtServerOptions = PublishedOptions & ListenOptions;

/** A server that listens. */
export class HtServer {
  readonly port: number;
  /** The address that it listens on; if the host was a name, the address of the name. */
  readonly listening: ListenAddress;
  readonly info: ServerInfo;
  readonly #engine: Engine;
  readonly #acceptor: Acceptor;
  readonly #accepting: Promise<void>;
  readonly #pollBarrier = new PollBarrier();
  readonly #yielder = new EventLoopYielder(() => this.#pollBarrier.wait());

  /**
   * Listens at once.
   *
   * @param makeEngine makes the engine, which has the table
   * @param token the token that clients must send first; undefined: none
   * @throws {ExitError} if it cannot listen
   */
  constructor(
    options: HtServerOptions,
    makeEngine: MakeEngine,
    token: string | undefined,
    log: Log,
  ) {
    const requiresToken = token !== undefined;
    const { maxReplyBytes, maxScanMs } = options;
    const yielder = this.#yielder;
    const agents = new Agents();
    const context: SessionContext = {
      project: options.project,
      info: (method) => this.info.text(method),
      agents,
      isToken: tokenCheck(token),
    };
    const listener = listen(options);
    const port = listener.addr.port;
    const engine = makeEngine({ context, maxReplyBytes, maxScanMs, yielder, log });
    const acceptor = new Acceptor(listener, {
      attach: (source) => engine.attach(source),
      limits: options,
      requiresToken,
      yielder,
      log,
      onDisconnect: ({ client }) => agents.remove(client),
    });
    this.port = port;
    this.listening = listeningAt(listener);
    this.info = new ServerInfo({
      options,
      port,
      requiresToken,
      hasTls: options.tls !== undefined,
      agents,
      engine,
      acceptor,
    });
    this.#engine = engine;
    this.#acceptor = acceptor;
    this.#accepting = acceptor.run();
  }

  /** Connected clients. */
  get clients(): number {
    return this.#acceptor.clients;
  }

  /** Keys in the table. */
  get size(): number {
    return this.#engine.size;
  }

  /** Accepts no more clients, executes the requests that were received, and closes everything. */
  async stop(): Promise<void> {
    await this.#acceptor.stop(DRAIN_MS);
    await this.#accepting;
    await this.#yielder.settled();
    await this.#pollBarrier.close();
  }
}
