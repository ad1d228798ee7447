/** A server without its network: an engine and connections over fake sockets. */
import { type Log, silentLog } from "../../lib/base/log.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import { CommandQueue } from "../../lib/engine/command_queue.ts";
import { GroupCommit } from "../../lib/engine/group_commit.ts";
import { Executor } from "../../lib/engine/executor.ts";
import { BufferBudget } from "../../lib/server/buffer_budget.ts";
import { Connection } from "../../lib/server/connection.ts";
import type {
  ConnectionLimits,
  ConnectionOptions,
  Ending,
} from "../../lib/server/connection_options.ts";
import { memoryStorage, type Storage } from "../../lib/storage/storage.ts";
import type { CommandContext } from "../../lib/commands/command_table.ts";
import { contextWith, eventLoop, neverYields, newClient } from "../engine/command_context.ts";
import { FakeSocket } from "./fake_socket.ts";

/** A connection with its fake socket. */
export interface FakeConnection {
  readonly socket: FakeSocket;
  readonly connection: Connection;
  /** The reasons why the server ended it. */
  readonly endings: readonly Ending[];
}

/** An engine, and connections that submit to it. */
export interface ConnectionServer {
  readonly context: CommandContext;
  readonly executor: Executor;
  readonly queue: CommandQueue;
  readonly buffers: BufferBudget;
  readonly clock: { nowMs: number };
  /** Makes a connection. */
  connection(attach?: Engine["attach"], more?: Partial<ConnectionOptions>): FakeConnection;
  /** Makes a connection and runs it. */
  connect(
    attach?: Engine["attach"],
    more?: Partial<ConnectionOptions>,
  ): FakeConnection & { readonly ended: Promise<void> };
}

/** Makes an engine, and connections that submit to it. */
export function server(
  options: {
    limits?: Partial<ConnectionLimits>;
    maxBufferBytes?: number;
    log?: Log;
    token?: string;
    storage?: Storage;
  } = {},
): ConnectionServer {
  const context = contextWith({
    isToken: (token) => options.token === undefined || token === options.token,
  });
  const log = options.log ?? silentLog;
  const commits = new GroupCommit(options.storage ?? memoryStorage(), context.table);
  const executor = new Executor({ context, commits, maxReplyBytes: 1e8, log });
  const queue = new CommandQueue(executor.execute, commits, neverYields);
  const limits = {
    maxRequestBytes: 1_000_000,
    maxOutputBytes: 1_000_000,
    maxOutputHardBytes: 100_000_000,
    maxInFlight: 1_000,
    idleTimeoutMs: 60_000,
    requestTimeoutMs: 10_000,
    ...options.limits,
  };
  const buffers = new BufferBudget(options.maxBufferBytes ?? 1e9);
  const clock = { nowMs: 0 };
  let clients = 0;
  const connection = (
    attach: Engine["attach"] = (source) => queue.attach(source),
    more: Partial<ConnectionOptions> = {},
  ) => {
    const socket = new FakeSocket();
    const client = newClient(++clients, options.token === undefined);
    const endings: Ending[] = [];
    const connection = new Connection({
      client,
      socket,
      attach,
      limits,
      buffers,
      clock,
      yielder: neverYields,
      log,
      onEnding: (ending) => endings.push(ending),
      ...more,
    });
    return { socket, connection, endings };
  };
  const connect = (attach?: Engine["attach"], more?: Partial<ConnectionOptions>) => {
    const made = connection(attach, more);
    return { ...made, ended: made.connection.run() };
  };
  return { context, executor, queue, connection, connect, buffers, clock };
}

export const ping = (id: number): string => `{"method":"ping","id":${id}}\n`;
export const pings = (count: number): string =>
  Array.from({ length: count }, (_, id) => ping(id)).join("");
/** The ids of the replies so far. */
export const ids = ({ replies }: FakeSocket): unknown[] => replies.map(({ id }) => id);
/** The results of the replies so far: `OK`, or the type of the failure. */
export const outcomes = ({ replies }: FakeSocket): unknown[] =>
  replies.map(({ type, status }) => type ?? status);

/** Some rounds of the event loop, after which nothing else happens by itself. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 5; round++) await eventLoop();
}
