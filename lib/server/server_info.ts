/** The server's description of itself: `info` and `hello` for clients, and facts for the catalogs. */
import { unixSeconds } from "../base/clock.ts";
import { VERSION } from "../base/version.ts";
import type { ServerFacts } from "../catalog/record/server_record.ts";
import type { Agents } from "../commands/agents.ts";
import { type Limits, limitsForInfo } from "../config/limit_flags.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { Engine } from "../engine/engine.ts";
import type { Acceptor } from "./acceptor.ts";

/** The part of a server's options that it publishes. */
export type PublishedOptions =
  & Pick<ServerConfig, "project" | "owner" | "catalogIntervalMs">
  & Limits
  & {
    /** Whether it serves although another live server has its name; clients see it (default: false). */
    readonly takeover?: boolean;
  };

/** The parts of a server that the description is about. */
interface ServerParts {
  readonly options: PublishedOptions;
  readonly port: number;
  readonly requiresToken: boolean;
  readonly hasTls: boolean;
  readonly agents: Agents;
  readonly engine: Engine;
  readonly acceptor: Acceptor;
}

/** Catalog updates that may be lost one after another before a record counts as stale. */
const UPDATES_PER_LIFETIME = 5;

/** Shortest lifetime of a catalog record, in seconds; a shorter one means goodbye. */
const MIN_LIFETIME_S = 10;

/** Bytes of a reply to `info` without its result; most ids are short. */
const INFO_FRAME_BYTES = 200;

/** The version of docs/PROTOCOL.md. */
const PROTOCOL_VERSION = 1;

const encoder = new TextEncoder();

/** Describes one server. */
export class ServerInfo {
  /** New at each start. */
  readonly instance: string = crypto.randomUUID();
  readonly #parts: ServerParts;
  readonly #startedUnixS: number = unixSeconds();
  readonly #startedMs: number = performance.now();

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** The facts for the catalogs. */
  catalogFacts(): Omit<ServerFacts, "advertise"> {
    const { options, port, requiresToken, hasTls, engine, acceptor } = this.#parts;
    const { project, owner, catalogIntervalMs } = options;
    const lifetimeS = Math.ceil(UPDATES_PER_LIFETIME * catalogIntervalMs / 1e3);
    return {
      project,
      owner,
      port,
      version: VERSION,
      instance: this.instance,
      table: engine.tableId,
      shared: engine.features.includes("shared"),
      lifetimeS: Math.max(MIN_LIFETIME_S, lifetimeS),
      startTimeS: this.#startedUnixS,
      clients: acceptor.clients,
      size: engine.size,
      durability: engine.durability,
      requiresToken,
      tls: hasTls,
      protocol: PROTOCOL_VERSION,
    };
  }

  /** The members of `info` whose length clients cannot change. */
  members(): Record<string, unknown> {
    const { options, port, engine, acceptor } = this.#parts;
    const { project, owner, takeover = false } = options;
    return {
      project,
      owner,
      instance: this.instance,
      table: engine.tableId,
      seq: engine.durableSeq,
      takeover,
      features: engine.features,
      version: VERSION,
      pid: Deno.pid,
      port,
      uptime_s: Math.round((performance.now() - this.#startedMs) / 10) / 100,
      clients: acceptor.clients,
      size: engine.size,
      durability: engine.durability,
      memory_bytes: engine.memoryBytes,
      buffer_bytes: acceptor.admission.buffers.bytes,
      limits: limitsForInfo(options),
      turned_away: Object.fromEntries(acceptor.admission.rejected),
      ops: engine.ops,
    };
  }

  /** The result of `info` or `hello` as JSON; agents and slowest requests fill the rest of the reply. */
  text(method: "info" | "hello"): string {
    const { options, agents, engine } = this.#parts;
    // The state of a store is large, too, and each client that connects sends hello.
    const more = method === "info" ? engine.info() : {};
    const members = { ...this.members(), ...more };
    let roomBytes = options.maxReplyBytes - INFO_FRAME_BYTES - bytesOf(members);
    const fitting = <T>(items: Iterable<T>): T[] => {
      const taken: T[] = [];
      for (const item of items) {
        roomBytes -= bytesOf(item) + 1;
        if (roomBytes < 0) break;
        taken.push(item);
      }
      return taken;
    };
    // Agents take up to 400 KB, and a client that connects does not need them.
    const counts = method === "info" ? { agents: Object.fromEntries(fitting(agents.counts)) } : {};
    return JSON.stringify({ ...members, ...counts, slowest: fitting(engine.slowest) });
  }
}

function bytesOf(part: unknown): number {
  return encoder.encode(JSON.stringify(part)).length;
}
