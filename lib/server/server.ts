/** A running server: wires the parts of one process together, and takes them down in order. */
import type { ListenAddress } from "../base/address.ts";
import { unixSeconds } from "../base/clock.ts";
import { DRAIN_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { VERSION } from "../base/version.ts";
import type { ServerFacts } from "../catalog/record/server_record.ts";
import { type Limits, limitsForInfo } from "../config/limit_flags.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { CommandQueue } from "../engine/command_queue.ts";
import { Executor } from "../engine/executor.ts";
import { EventLoopYielder } from "../runtime/yielding.ts";
import { tokenCheck } from "../engine/auth.ts";
import { Acceptor } from "./acceptor.ts";
import { listen, listeningAt, type ListenOptions } from "./listener.ts";
import { PollBarrier } from "../runtime/poll_barrier.ts";
import { GroupCommit } from "../engine/group_commit.ts";
import type { Storage, TableWithStorage } from "../storage/storage.ts";
import { Agents } from "../commands/agents.ts";
import type { CommandContext } from "../commands/command_table.ts";
import type { HashTable } from "../table/hash_table.ts";

/** What one needs to know to run a server, beside the log. */
export type HtServerOptions =
  & Pick<ServerConfig, "project" | "owner" | "host" | "port" | "catalogIntervalMs">
  & Pick<ListenOptions, "tls">
  & Limits
  & {
    /** Whether it serves although another live server has its name; clients see it (default: false). */
    readonly takeover?: boolean;
  };

/** Updates that may get lost one after another before a record counts as stale. */
const UPDATES_PER_LIFETIME = 5;

/** Shortest lifetime of a record, in seconds; a shorter one means goodbye. */
const MIN_LIFETIME_S = 10;

/** What the reply to `info` has beside it, in bytes; ids are short as a rule. */
const INFO_FRAME_BYTES = 200;

/** Of docs/PROTOCOL.md. */
const PROTOCOL_VERSION = 1;

/** What a client may rely on beside the methods that every server has. */
const FEATURES: readonly string[] = [];

const encoder = new TextEncoder();

/** A server that listens. */
export class HtServer {
  readonly port: number;
  /** Where it listens; of a host that was a name, the address. */
  readonly listening: ListenAddress;
  /** New at each start. */
  readonly instance: string = crypto.randomUUID();
  readonly #startedUnixS: number = unixSeconds();
  readonly #startedMs: number = performance.now();
  readonly #options: HtServerOptions;
  readonly #needsToken: boolean;
  readonly #table: HashTable;
  readonly #storage: Storage;
  readonly #agents = new Agents();
  readonly #executor: Executor;
  readonly #acceptor: Acceptor;
  readonly #accepting: Promise<void>;
  readonly #pollBarrier = new PollBarrier();
  readonly #yielder = new EventLoopYielder(() => this.#pollBarrier.wait());

  /**
   * Listens at once.
   *
   * @param token what clients must show; undefined: nothing
   * @throws {ExitError} where it cannot listen
   */
  constructor(
    options: HtServerOptions,
    { table, storage }: TableWithStorage,
    token: string | undefined,
    log: Log,
  ) {
    this.#options = options;
    this.#table = table;
    this.#storage = storage;
    this.#needsToken = token !== undefined;
    const context: CommandContext = {
      table: this.#table,
      maxTableBytes: options.maxTableBytes,
      maxScanMs: options.maxScanMs,
      project: options.project,
      info: (method) => this.#infoText(method),
      agents: this.#agents,
      isToken: tokenCheck(token),
    };
    const commits = new GroupCommit(storage, table);
    this.#executor = new Executor({
      context,
      commits,
      maxReplyBytes: options.maxReplyBytes,
      log,
    });
    const yielder = this.#yielder;
    const queue = new CommandQueue(this.#executor.execute, commits, yielder);
    const listener = listen(options);
    this.port = listener.addr.port;
    this.listening = listeningAt(listener);
    this.#acceptor = new Acceptor(listener, {
      submit: (source) => queue.submit(source),
      limits: options,
      needsToken: this.#needsToken,
      yielder,
      log,
      onDisconnect: ({ client }) => this.#agents.remove(client),
    });
    this.#accepting = this.#acceptor.run();
  }

  /** Connected clients. */
  get clients(): number {
    return this.#acceptor.clients;
  }

  /** Keys in the table. */
  get size(): number {
    return this.#table.size;
  }

  /** What the catalogs are told. */
  facts(): Omit<ServerFacts, "advertise"> {
    const { project, owner, catalogIntervalMs } = this.#options;
    return {
      project,
      owner,
      port: this.port,
      version: VERSION,
      instance: this.instance,
      table: this.#storage.tableId,
      lifetimeS: Math.ceil(
        Math.max(MIN_LIFETIME_S, UPDATES_PER_LIFETIME * catalogIntervalMs / 1e3),
      ),
      startTimeS: this.#startedUnixS,
      clients: this.clients,
      size: this.size,
      durability: this.#storage.durability,
      requiresToken: this.#needsToken,
      tls: this.#options.tls !== undefined,
      protocol: PROTOCOL_VERSION,
    };
  }

  /** The members of `info`, without those that are as many as clients like. */
  info(): Record<string, unknown> {
    const { project, owner, takeover = false } = this.#options;
    return {
      project,
      owner,
      instance: this.instance,
      table: this.#storage.tableId,
      seq: this.#storage.durableSeq,
      takeover,
      features: FEATURES,
      version: VERSION,
      pid: Deno.pid,
      port: this.port,
      uptime_s: Math.round((performance.now() - this.#startedMs) / 10) / 100,
      clients: this.clients,
      size: this.size,
      durability: this.#storage.durability,
      memory_bytes: this.#table.bytes,
      buffer_bytes: this.#acceptor.admission.buffers.bytes,
      limits: limitsForInfo(this.#options),
      turned_away: Object.fromEntries(this.#acceptor.admission.rejected),
      ops: this.#executor.ops,
    };
  }

  /** As JSON, with as many agents and of the slowest requests as a reply has room for. */
  #infoText(method: "info" | "hello"): string {
    const info = this.info();
    const bytesOf = (part: unknown) => encoder.encode(JSON.stringify(part)).length;
    let room = this.#options.maxReplyBytes - INFO_FRAME_BYTES - bytesOf(info);
    const fitting = <T>(parts: Iterable<T>): T[] => {
      const taken: T[] = [];
      for (const part of parts) {
        room -= bytesOf(part) + 1;
        if (room < 0) break;
        taken.push(part);
      }
      return taken;
    };
    // What clients name themselves takes up to 400 KB, and is not asked for by each one that connects.
    const agents = method === "info"
      ? { agents: Object.fromEntries(fitting(this.#agents.counts)) }
      : {};
    return JSON.stringify({ ...info, ...agents, slowest: fitting(this.#executor.slowest) });
  }

  /** Takes no more clients, finishes what was taken, and closes everything. */
  async stop(): Promise<void> {
    await this.#acceptor.stop(DRAIN_MS);
    await this.#accepting;
    await this.#yielder.settled();
    await this.#pollBarrier.close();
  }
}
