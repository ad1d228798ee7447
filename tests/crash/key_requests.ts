/** Requests on single keys, for histories. */
import assert from "assert";
import { ConnectionLostError, errorFrom, type HtError, KeyError } from "../../lib/client/errors.ts";
import { Connection } from "../../lib/client/connection.ts";
import { textAt } from "../../lib/bytes/span.ts";
import { decodeReply, isFailure, type SuccessReply } from "../../lib/protocol/decode_reply.ts";
import { encodeRequest } from "../../lib/protocol/encode_request.ts";
import type { Action, Value } from "./history/history.ts";
import type { Program } from "../../bench/harness/program.ts";

/** A client that retries no request: the test decides what a failure means. */
export class PlainClient {
  readonly #connection: Connection;
  readonly #waiting: PromiseWithResolvers<SuccessReply>[] = [];
  #broken: HtError | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.attach({
      onLine: (bytes, start, end) => {
        const reply = decodeReply(textAt(bytes, start, end));
        const waiting = this.#waiting.shift();
        if (isFailure(reply)) waiting?.reject(errorFrom(reply));
        else waiting?.resolve(reply);
      },
      onBroken: (error) => {
        this.#broken = error;
        for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
      },
    });
  }

  /**
   * Sends a line and returns its reply.
   *
   * @throws {ConnectionLostError} if the connection broke before the reply came
   */
  send(line: string): Promise<SuccessReply> {
    if (this.#broken) return Promise.reject(new ConnectionLostError(this.#broken.message, false));
    const waiting = Promise.withResolvers<SuccessReply>();
    this.#waiting.push(waiting);
    this.#connection.write(line);
    return waiting.promise;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** Opens connections to a server. */
export function connect(port: number, clients: number): Promise<PlainClient[]> {
  const address = { hostname: "127.0.0.1", port };
  const never = new AbortController().signal;
  return Promise.all(
    Array.from(
      { length: clients },
      async () => new PlainClient(await Connection.connect(address, never)),
    ),
  );
}

/** Sends a request and returns the value in its reply. */
export async function perform(
  connection: PlainClient,
  key: string,
  action: Action,
): Promise<Value> {
  try {
    const { result } = await connection.send(encodeRequest({ ...action, key }));
    if (action.method !== "insert") return result;
    assert.equal(result, "null");
    return undefined;
  } catch (error) {
    if (error instanceof KeyError && action.method !== "insert") return undefined;
    throw error;
  }
}

/** Looks up the values of keys, byte for byte. */
export function lookupAll(server: Program, keys: readonly string[]): Promise<Map<string, Value>> {
  return withConnection(server, async (connection) => {
    const lookup = { method: "lookup" } as const;
    const values = await Promise.all(keys.map((key) => perform(connection, key, lookup)));
    return new Map(keys.map((key, at) => [key, values[at]]));
  });
}

/** Scans for all keys of a server. */
export function scanKeys(server: Program): Promise<string[]> {
  return withConnection(server, async (connection) => {
    const [size, pairs] = await Promise.all([
      connection.send(encodeRequest({ method: "size" })),
      connection.send(encodeRequest({ method: "scan", regex: "" })),
    ]);
    const keys = (JSON.parse(pairs.result) as [string, unknown][]).map(([key]) => key);
    assert.equal(keys.length, Number(size.result), "size and scan agree");
    return keys;
  });
}

/** Inserts pairs, and waits for all replies. */
export function insertAll(server: Program, pairs: ReadonlyMap<string, string>): Promise<void> {
  return withConnection(server, async (connection) => {
    const inserts = [...pairs].map(([key, value]) =>
      perform(connection, key, { method: "insert", value })
    );
    await Promise.all(inserts);
  });
}

async function withConnection<T>(
  server: Program,
  use: (connection: PlainClient) => Promise<T>,
): Promise<T> {
  const [connection] = await connect(await server.port(), 1);
  if (!connection) throw new Error("No connection");
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}
