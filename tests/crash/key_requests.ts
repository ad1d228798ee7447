/** Requests on single keys, as histories tell of them. */
import assert from "assert";
import { ConnectionLostError, errorFrom, type HtError, KeyError } from "../../lib/client/errors.ts";
import { Connection } from "../../lib/client/connection.ts";
import { isFailure, type SuccessReply } from "../../lib/protocol/decode_reply.ts";
import { encodeRequest } from "../../lib/protocol/encode_request.ts";
import type { Action, Value } from "./history.ts";
import type { Program } from "../../bench/harness/program.ts";

/** A client that repeats nothing: what becomes of each request is for the test to see. */
export class PlainClient {
  readonly #link: Connection;
  readonly #waiting: PromiseWithResolvers<SuccessReply>[] = [];
  #broken: HtError | undefined;

  constructor(link: Connection) {
    this.#link = link;
    link.attach({
      onReply: (reply) => {
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

  /** Sends a line. @throws {ConnectionLostError} if the connection broke before its reply came */
  send(line: string): Promise<SuccessReply> {
    if (this.#broken) return Promise.reject(new ConnectionLostError(this.#broken.message, false));
    const waiting = Promise.withResolvers<SuccessReply>();
    this.#waiting.push(waiting);
    this.#link.write(line);
    return waiting.promise;
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

/** Connects several clients to a server. */
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

/** Sends a request and gives what its reply tells of the key. */
export async function perform(link: PlainClient, key: string, action: Action): Promise<Value> {
  try {
    const { result } = await link.send(encodeRequest({ ...action, key }));
    if (action.method !== "insert") return result;
    assert.equal(result, "null");
    return undefined;
  } catch (error) {
    if (error instanceof KeyError && action.method !== "insert") return undefined;
    throw error;
  }
}

/** What a server holds for each of some keys, byte for byte. */
export function lookupAll(server: Program, keys: readonly string[]): Promise<Map<string, Value>> {
  return withLink(server, async (link) => {
    const lookup = { method: "lookup" } as const;
    const values = await Promise.all(keys.map((key) => perform(link, key, lookup)));
    return new Map(keys.map((key, at) => [key, values[at]]));
  });
}

/** All keys that a server holds. */
export function scanKeys(server: Program): Promise<string[]> {
  return withLink(server, async (link) => {
    const [size, pairs] = await Promise.all([
      link.send(encodeRequest({ method: "size" })),
      link.send(encodeRequest({ method: "scan", regex: "" })),
    ]);
    const keys = (JSON.parse(pairs.result) as [string, unknown][]).map(([key]) => key);
    assert.equal(keys.length, Number(size.result), "size counts what scan finds");
    return keys;
  });
}

/** Inserts, and waits until all is acknowledged. */
export function insertAll(server: Program, pairs: ReadonlyMap<string, string>): Promise<void> {
  return withLink(server, async (link) => {
    const inserts = [...pairs].map(([key, value]) =>
      perform(link, key, { method: "insert", value })
    );
    await Promise.all(inserts);
  });
}

async function withLink<T>(server: Program, use: (link: PlainClient) => Promise<T>): Promise<T> {
  const [link] = await connect(await server.port(), 1);
  if (!link) throw new Error("There is no connection");
  try {
    return await use(link);
  } finally {
    await link.close();
  }
}
