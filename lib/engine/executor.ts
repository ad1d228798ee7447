/**
 * The executor: runs one request from its command to its reply, adds its change to the open batch, counts
 * it, and logs it.
 */
import { MIN_TIMED_BYTES } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Span } from "../bytes/span.ts";
import type { Client, ClosingFailure } from "../commands/client_state.ts";
import {
  type Command,
  type CommandContext,
  COMMANDS,
  isWriteRequest,
  type KeyLocation,
  keyTextIn,
  type MethodFlags,
} from "../commands/command_table.ts";
import { noMemory, notDurable } from "../commands/failures.ts";
import { isRejection } from "../protocol/decode_request.ts";
import { addFailure, ReplyEncoder } from "../protocol/encode_reply.ts";
import type { Failure, FailureType } from "../protocol/message.ts";
import { type Method, METHODS, type Rejection, type Request } from "../protocol/requests.ts";
import type { GroupCommit } from "./group_commit.ts";
import { RequestLog } from "./request_log.ts";
import type { SlowRequest } from "./slow_log.ts";

/** The properties of a reply that its bytes do not show. */
export interface Answer {
  readonly outcome: "OK" | FailureType;
  /** Number of the change that must be durable before the reply may leave (I2); 0: none. */
  readonly durableAfterSeq: number;
}

/** Executes one request; see `Executor.execute`. */
export type Execute = (
  client: Client,
  request: Request | Rejection,
  out: ByteChunks,
  writeError?: string,
) => Answer;

/** A success that shows durable changes only. */
const DURABLE_SUCCESS: Answer = { outcome: "OK", durableAfterSeq: 0 };

/** The location for requests without a key. */
const NO_LOCATION: KeyLocation = { hash: 0, address: 0 };

/** Executes and counts requests. */
export class Executor {
  readonly #context: CommandContext;
  readonly #commits: GroupCommit;
  readonly #log: Log;
  readonly #reply: ReplyEncoder;
  readonly #requestLog: RequestLog;
  /** Start of the current request, by `performance.now()`; 0 if it is not timed. */
  #startMs = 0;
  readonly #methods: Readonly<Record<Method, CountedCommand>>;

  /** @param options.maxReplyBytes maximum size of a reply line, in bytes */
  constructor(options: {
    context: CommandContext;
    commits: GroupCommit;
    maxReplyBytes: number;
    log: Log;
  }) {
    this.#context = options.context;
    this.#commits = options.commits;
    this.#log = options.log;
    this.#reply = new ReplyEncoder(options.maxReplyBytes);
    this.#requestLog = new RequestLog(options.log);
    this.#methods = byMethod((method) => {
      // A command takes only requests of its method, which TypeScript cannot express here.
      return { command: COMMANDS[method] as Command<Method>, count: 0 };
    });
  }

  /** Number of executed requests by method, including failed ones. */
  get ops(): Readonly<Record<Method, number>> {
    return byMethod((method) => this.#methods[method].count);
  }

  /** The slowest requests since the start, the slowest first. Short requests are not timed. */
  get slowest(): readonly SlowRequest[] {
    return this.#requestLog.slowLog.slowest;
  }

  /**
   * Executes one request, or replies to a line that is not a valid one. If the reply closes the
   * connection, it sets the client's `closedBy`.
   *
   * @param out receives the reply
   * @param writeError set if the request is executed again after a failed write: changes fail with this
   * reason
   */
  readonly execute: Execute = (client, request, out, writeError) => {
    this.#startMs = this.#log.isDebug ? performance.now() : 0;
    const answer = isRejection(request)
      ? this.#fail(client, out, request.id, request.failure, 0)
      : this.#run(client, request, out, writeError);
    if (this.#startMs !== 0) {
      const endMs = performance.now();
      this.#requestLog.record(client.number, request, answer.outcome, this.#startMs, endMs);
    }
    return answer;
  };

  #run(
    client: Client,
    request: Request,
    out: ByteChunks,
    writeError: string | undefined,
  ): Answer {
    const { id, method } = request;
    const room = this.#reply.roomFor(request);
    if (room === undefined) {
      return { outcome: this.#reply.failForId(out), durableAfterSeq: 0 };
    }
    const counted = this.#methods[method];
    const { command } = counted;
    if (writeError === undefined) counted.count++;
    if (isWriteRequest(request, command) && writeError !== undefined) {
      return this.#fail(client, out, id, notDurable(method, request.key, writeError), 0);
    }
    const location = this.#locate(request);
    const start = out.length;
    this.#reply.begin(out, id, room);
    const { table } = this.#context;
    if (this.#startMs === 0 && this.#mayTakeLong(command, request, location)) {
      this.#startMs = performance.now();
    }
    const changesBefore = table.changesToUndo;
    try {
      const failure = command.run(this.#context, client, request, location, this.#reply);
      if (failure !== undefined) {
        out.truncate(start);
        const seq = this.#lastSeqShown(command, location);
        return this.#fail(client, out, id, failure, seq);
      }
      const durableAfterSeq = isWriteRequest(request, command)
        ? this.#commits.add(location.hash, request)
        : this.#lastSeqShown(command, location);
      return durableAfterSeq === 0 ? DURABLE_SUCCESS : { outcome: "OK", durableAfterSeq };
    } catch (error) {
      // A change without a log record must not stay (I2).
      table.rollbackTo(changesBefore);
      out.truncate(start);
      if (!(error instanceof RangeError)) throw error;
      this.#log.warn("there is no memory for a reply", { method, why: error.message });
      addFailure(out, id, noMemory(method));
      return { outcome: "TooLarge", durableAfterSeq: 0 };
    }
  }

  /** Whether a request may take long. Short ones are not timed: they take no longer than a read of the clock. */
  #mayTakeLong({ isSearch }: MethodFlags, request: Request, { address }: KeyLocation): boolean {
    if (!("key" in request)) return isSearch;
    const { key } = request;
    const valueBytes = "value" in request ? request.value.end - request.value.start : 0;
    const storedBytes = address === 0 ? 0 : this.#context.table.entrySizeAt(address);
    return key.end - key.start + valueBytes + storedBytes > MIN_TIMED_BYTES;
  }

  #locate(request: Request): KeyLocation {
    const key = keyTextIn(request);
    if (key === undefined) return NO_LOCATION;
    const { table } = this.#context;
    const hash = table.hashOf(key.bytes, key.start, key.end);
    return { hash, address: table.find(hash, key.bytes, key.start, key.end) };
  }

  /** Number of the last change that a reply shows; 0 if that change is durable. */
  #lastSeqShown({ shows }: MethodFlags, { hash }: KeyLocation): number {
    if (shows === "nothing") return 0;
    return shows === "key" ? this.#commits.lastWriteSeq(hash) : this.#commits.lastTableWriteSeq();
  }

  #fail(
    client: Client,
    out: ByteChunks,
    id: Span | undefined,
    failure: Failure | ClosingFailure,
    durableAfterSeq: number,
  ): Answer {
    if ("closes" in failure) client.closedBy = failure.type;
    return { outcome: this.#reply.fail(out, id, failure), durableAfterSeq };
  }
}

/** A command, and the number of its requests. */
interface CountedCommand {
  readonly command: Command<Method>;
  count: number;
}

function byMethod<T>(make: (method: Method) => T): Record<Method, T> {
  return Object.fromEntries(METHODS.map((method) => [method, make(method)])) as Record<Method, T>;
}
