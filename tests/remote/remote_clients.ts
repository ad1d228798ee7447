/** An engine over a fake store, without sockets, and clients that send it lists of requests. */
import assert from "assert";
import { createLog, type Log, silentLog } from "../../lib/base/log.ts";
import { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import type { Engine, RequestSource } from "../../lib/engine/engine.ts";
import type { Request } from "../../lib/protocol/requests.ts";
import { remoteEngine } from "../../lib/remote/remote_engine.ts";
import { TableSize } from "../../lib/remote/table_size.ts";
import { BucketKeys } from "../../lib/store/bucket_keys.ts";
import type { Yielder } from "../../lib/runtime/yielding.ts";
import type { Store } from "../../lib/store/store.ts";
import { contextWith, neverYields, newClient } from "../engine/command_context.ts";
import { requestOf, type TextRequest } from "../engine/requests.ts";
import { textOfChunks } from "../helpers/streams.ts";

export const KEYS = new BucketKeys("otter");

/** The name of a bucket's hash in the fake store, where each byte is a character. */
export const SEED = Int32Array.of(1, 2);

/** Makes an engine over a store. */
export function engineOver(
  store: Store,
  { maxReplyBytes = 1e8, log = silentLog, maxScanMs, yielder = neverYields }: {
    maxReplyBytes?: number;
    yielder?: Yielder;
    log?: Log;
    maxScanMs?: number;
  } = {},
): { engine: Engine; size: TableSize } {
  const size = new TableSize(store, KEYS, Infinity);
  const make = remoteEngine({ store, keys: KEYS, size, tableId: "t", seed: SEED });
  const context = contextWith();
  const engine = make({ context, maxReplyBytes, maxScanMs, yielder, log });
  return { engine, size };
}

/** Log lines at level debug, as objects. */
export function debugLog(lines: Record<string, unknown>[]): Log {
  return createLog({
    format: "json",
    isDebug: true,
    write: (line) => lines.push(JSON.parse(line)),
  });
}

/** A client with a list of requests. Each has its index as its id, and replies are sent as a socket would. */
export class ListSource implements RequestSource {
  readonly lineBytes = 0;
  readonly client = newClient();
  readonly out = new ByteChunks();
  /** Requests that were taken. */
  taken = 0;
  /** Most bytes of replies that waited. */
  mostBytes = 0;
  isClosed = false;
  /** Whether a flush fails. */
  isBroken = false;
  readonly #requests: readonly (TextRequest | Request)[];
  readonly #maxOutBytes: number;
  readonly #hasIds: boolean;
  #received = "";

  constructor(
    requests: readonly (TextRequest | Request)[],
    { maxOutBytes = 100_000, hasIds = true }: { maxOutBytes?: number; hasIds?: boolean } = {},
  ) {
    this.#requests = requests;
    this.#maxOutBytes = maxOutBytes;
    this.#hasIds = hasIds;
  }

  get isFull(): boolean {
    return this.out.length >= this.#maxOutBytes;
  }

  next(): Request | undefined {
    this.mostBytes = Math.max(this.mostBytes, this.out.length);
    const request = this.#requests[this.taken];
    if (request === undefined || this.isFull || this.client.closedBy !== undefined) {
      return undefined;
    }
    const id = this.#hasIds ? String(this.taken) : undefined;
    this.taken++;
    return "id" in request ? request : requestOf(request, id);
  }

  async flush(isLast: boolean = false): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    if (this.isBroken) throw new Error("the connection was closed");
    this.#send();
    if (isLast) this.isClosed = true;
  }

  #send(): void {
    this.mostBytes = Math.max(this.mostBytes, this.out.length);
    this.#received += textOfChunks(this.out);
    this.out.clear();
  }

  /** Submits until all requests are executed or the client is closed. @returns the reply lines */
  async run(engine: Engine): Promise<string[]> {
    const submit = engine.attach(this);
    do {
      await submit();
      this.#send();
    } while (this.taken < this.#requests.length && this.client.closedBy === undefined);
    assert.ok(this.#received === "" || this.#received.endsWith("\n"));
    return this.#received.split("\n").slice(0, -1);
  }
}
