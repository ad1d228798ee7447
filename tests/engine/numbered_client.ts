/** Clients with numbered requests, and queues that record the order of their execution. */
import assert from "assert";
import { ByteChunks } from "../../lib/bytes/byte_chunks.ts";
import { textOf } from "../../lib/bytes/span.ts";
import type { Client } from "../../lib/commands/client_state.ts";
import { CommandQueue, QueuedClient } from "../../lib/engine/command_queue.ts";
import type { RequestSource } from "../../lib/engine/engine.ts";
import type { Execute } from "../../lib/engine/executor.ts";
import { isRejection } from "../../lib/protocol/decode_request.ts";
import type { Request } from "../../lib/protocol/requests.ts";
import { HashTable } from "../../lib/table/hash_table.ts";
import { commitsInMemory, neverYields, newClient } from "./command_context.ts";
import { requestOf } from "./requests.ts";
import { textOfChunks } from "../helpers/streams.ts";

/** A client with numbered requests, whose replies are their numbers. */
export class NumberedClient implements RequestSource {
  readonly client: Client;
  readonly out = new ByteChunks();
  readonly lineBytes = 0;
  readonly isFull = false;
  readonly isClosed = false;
  readonly queued = new QueuedClient(this);
  readonly #count: number;
  readonly #isSearch: boolean;
  #next = 0;
  #lengthBefore = 0;

  constructor(number: number, count: number, isSearch: boolean = false) {
    this.client = newClient(number);
    this.#count = count;
    this.#isSearch = isSearch;
  }

  /** The numbers in its replies. */
  get replies(): number[] {
    return textOfChunks(this.out).split("\n").slice(0, -1).map(Number);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  next(): Request | undefined {
    const { length } = this.out;
    assert.ok(this.#next === 0 || length > this.#lengthBefore, "the last request has its reply");
    this.#lengthBefore = length;
    if (this.#next === this.#count) return undefined;
    const text = String(this.#next++);
    return this.#isSearch
      ? requestOf({ method: "scan", regex: text, limit: undefined, cursor: undefined })
      : requestOf({ method: "lookup", key: text });
  }
}

/** Submits a client with numbered requests. */
export const submit = (
  queue: CommandQueue,
  ...client: ConstructorParameters<typeof NumberedClient>
): Promise<void> | undefined => queue.submit(new NumberedClient(...client).queued);

/** A queue over a table in memory. */
export function queueOf(execute: Execute): CommandQueue {
  return new CommandQueue(execute, commitsInMemory(new HashTable()), neverYields);
}

export const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** Replies with the request's number, and records the number of its client. */
export function tracing(trace: number[], during: () => void = () => {}): Execute {
  let isExecuting = false;
  return (client, request, out) => {
    assert.equal(isExecuting, false, "never two at once");
    isExecuting = true;
    trace.push(client.number);
    during();
    isExecuting = false;
    assert.ok(!isRejection(request));
    const number = request.method === "lookup"
      ? textOf(request.key)
      : request.method === "scan"
      ? request.regex
      : assert.fail();
    out.addText(`${number}\n`);
    return { outcome: "OK", durableAfterSeq: 0 };
  };
}

/** A queue of such clients, and the numbers of those whose requests were executed. */
export function tracedQueue(during?: () => void): { queue: CommandQueue; trace: number[] } {
  const trace: number[] = [];
  return { trace, queue: queueOf(tracing(trace, during)) };
}
