/** Executes one request: command, storage, reply, count, slow log, debug line. */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import { MIN_TIMED_BYTES, SLOW_REQUEST_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Span } from "../bytes/span.ts";
import type { GroupCommit } from "./group_commit.ts";
import { isRejection } from "../protocol/decode_request.ts";
import { addFailure, addSuccess, FRAME_BYTES, ID_FRAME_BYTES } from "../protocol/encode_reply.ts";
import { keyOf } from "../protocol/key_text.ts";
import type { Failure, FailureType } from "../protocol/message.ts";
import type { Method, Rejection, Request } from "../protocol/requests.ts";
import { METHODS } from "../protocol/requests.ts";
import {
  type Client,
  type ClosingFailure,
  type Command,
  type CommandContext,
  COMMANDS,
  isWriteRequest,
  type KeyLocation,
  keyTextIn,
  type MethodFlags,
  quotedKey,
  type ReplyWriter,
  tokenMissing,
} from "../commands/command_table.ts";
import { SlowLog, type SlowRequest } from "./slow_log.ts";

/** What is to be known of a reply, beside its bytes. */
export interface Answer {
  readonly outcome: "OK" | FailureType;
  /** Whether the connection ends with it. */
  readonly closes: boolean;
  /** Number of the change that must be durable before this may leave (I2); 0: none. */
  readonly durableAfterSeq: number;
}

/** Of a success that shows nothing which is not durable. */
const FREE: Answer = { outcome: "OK", closes: false, durableAfterSeq: 0 };

/** Most that a cursor takes. */
const CURSOR_BYTES = ',"cursor":"c"'.length + String(Number.MAX_SAFE_INTEGER).length;

/** Room without which nothing is executed: the result of an insert. */
const MIN_ROOM_BYTES = "null".length;

/** How much of a key or regex is told, in characters. */
const TOLD_CHARS = { debugLine: 60, slowLog: 40 } as const;

const NOWHERE: KeyLocation = { hash: 0, address: 0 };

/** Executes requests, and counts them. */
export class Executor {
  readonly #context: CommandContext;
  readonly #commits: GroupCommit;
  readonly #maxReplyBytes: number;
  readonly #log: Log;
  readonly #startedMs = performance.now();
  readonly #reply = new ReplyLine();
  readonly #slowLog = new SlowLog();
  #requests = 0;
  /** When the request that is being executed began, by `performance.now()`; 0 where it is not timed. */
  #beganMs = 0;

  readonly #counts = Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<
    Method,
    number
  >;

  /** @param options.maxReplyBytes longest reply line */
  constructor(options: {
    context: CommandContext;
    commits: GroupCommit;
    maxReplyBytes: number;
    log: Log;
  }) {
    this.#context = options.context;
    this.#commits = options.commits;
    this.#maxReplyBytes = options.maxReplyBytes;
    this.#log = options.log;
  }

  /** Requests executed so far, by method; those that failed count too. */
  get ops(): Readonly<Record<Method, number>> {
    return { ...this.#counts };
  }

  /** The slowest requests since the start, the slowest first. Small ones are not timed. */
  get slowest(): readonly SlowRequest[] {
    return this.#slowLog.slowest;
  }

  /**
   * Executes a request whole, or answers a line that is none.
   *
   * @param out takes the reply
   * @param writeError set where it is executed again, since the storage does not take the changes
   * that it showed: changes fail with this reason
   */
  readonly execute = (
    client: Client,
    request: Request | Rejection,
    out: ByteChunks,
    writeError?: string,
  ): Answer => {
    this.#beganMs = this.#log.isDebug ? performance.now() : 0;
    const answer = this.#answer(client, request, out, writeError);
    if (this.#beganMs !== 0) this.#timed(client, request, answer, performance.now());
    return answer;
  };

  #answer(
    client: Client,
    request: Request | Rejection,
    out: ByteChunks,
    writeError: string | undefined,
  ): Answer {
    if (isRejection(request)) return this.#failed(out, request.id, failureOf(client, request), 0);
    const { id, method } = request;
    const room = this.#maxReplyBytes - frameBytes(request);
    if (room < MIN_ROOM_BYTES) return this.#failed(out, undefined, this.#idTooLarge(), 0);
    const command = commandOf(method);
    if (!client.isAuthenticated && !command.allowedBeforeAuth) {
      return this.#failed(out, id, tokenMissing(method), 0);
    }
    if (writeError === undefined) this.#counts[method]++;
    const isWrite = isWriteRequest(request);
    if (isWrite && writeError !== undefined) {
      const why = `it could not be made durable and was not made (${writeError})`;
      const message = `Cannot ${method} ${quotedKey(request.key)}: ${why}`;
      return this.#failed(out, id, { type: "StorageError", message }, 0);
    }
    const place = this.#placeOf(request);
    const start = out.length;
    this.#reply.begin(out, id, room);
    const { table } = this.#context;
    if (this.#beganMs === 0 && this.#takesTime(command, request, place)) {
      this.#beganMs = performance.now();
    }
    const changesBefore = table.changesToUndo;
    try {
      const failure = command.run(this.#context, client, request, place, this.#reply);
      if (failure !== undefined) {
        out.truncate(start);
        return this.#failed(out, id, this.#withLimit(failure), this.#shownBy(command, place));
      }
      const durableAfterSeq = isWrite
        ? this.#commits.add(place.hash, request)
        : this.#shownBy(command, place);
      return durableAfterSeq === 0 ? FREE : { outcome: "OK", closes: false, durableAfterSeq };
    } catch (error) {
      // A change that is in no log must not stay (I2).
      table.rollbackTo(changesBefore);
      out.truncate(start);
      if (!(error instanceof RangeError)) throw error;
      // No memory for the record or the reply.
      this.#log.warn("there is no memory for a reply", { method, why: error.message });
      addFailure(out, id, {
        type: "TooLarge",
        message:
          `Cannot answer ${method}: the server has no memory for the reply now; try again later`,
      });
      return { outcome: "TooLarge", closes: false, durableAfterSeq: 0 };
    }
  }

  /** Whether a request may take long. To look at the clock takes as long as some do. */
  #takesTime({ isSearch }: MethodFlags, request: Request, { address }: KeyLocation): boolean {
    if (!("key" in request)) return isSearch;
    const { key } = request;
    const valueBytes = "value" in request ? request.value.end - request.value.start : 0;
    const storedBytes = address === 0 ? 0 : this.#context.table.entrySizeAt(address);
    return key.end - key.start + valueBytes + storedBytes > MIN_TIMED_BYTES;
  }

  #placeOf(request: Request): KeyLocation {
    const key = keyTextIn(request);
    if (key === undefined) return NOWHERE;
    const { table } = this.#context;
    const hash = table.hashOf(key.bytes, key.start, key.end);
    return { hash, address: table.find(hash, key.bytes, key.start, key.end) };
  }

  /** Number of the last change that a reply shows and that is not durable; 0: none. */
  #shownBy({ shows }: MethodFlags, { hash }: KeyLocation): number {
    if (shows === "nothing") return 0;
    return shows === "key" ? this.#commits.lastWriteSeq(hash) : this.#commits.lastTableWriteSeq();
  }

  #failed(
    out: ByteChunks,
    id: Span | undefined,
    failure: Failure | ClosingFailure,
    durableAfterSeq: number,
  ): Answer {
    const start = out.length, closes = "closes" in failure;
    addFailure(out, id, failure);
    // No sentence is as long as the smallest limit, but an id may be.
    if (id !== undefined && out.length - start > this.#maxReplyBytes) {
      out.truncate(start);
      addFailure(out, undefined, this.#idTooLarge());
      return { outcome: "TooLarge", closes, durableAfterSeq };
    }
    return { outcome: failure.type, closes, durableAfterSeq };
  }

  #idTooLarge(): Failure {
    const message = "Cannot answer: the id leaves no room for more";
    return this.#withLimit({ type: "TooLarge", message });
  }

  /** A failure of a command; one about the size of the reply gets the limit. */
  #withLimit(failure: Failure | ClosingFailure): Failure | ClosingFailure {
    if (failure.type !== "TooLarge") return failure;
    return {
      type: "TooLarge",
      message:
        `${failure.message}; a reply may have at most ${this.#maxReplyBytes} bytes (--max-reply)`,
    };
  }

  /** Tells of a request that was timed: times are since the server's start, and requests never overlap. */
  #timed(
    client: Client,
    request: Request | Rejection,
    { outcome }: Answer,
    endedMs: number,
  ): void {
    const beganMs = this.#beganMs, ms = endedMs - beganMs;
    const method = request.method ?? "?";
    this.#slowLog.note(ms, () => {
      return { client: client.number, method, ...subjectOf(request, TOLD_CHARS.slowLog), outcome };
    });
    if (!this.#log.isDebug) return;
    this.#log.debug("request", {
      n: ++this.#requests,
      client: client.number,
      method,
      ...subjectOf(request, TOLD_CHARS.debugLine),
      outcome,
      start_us: Math.round((beganMs - this.#startedMs) * 1e3),
      end_us: Math.round((endedMs - this.#startedMs) * 1e3),
      ...(ms > SLOW_REQUEST_MS ? { slow: true } : {}),
    });
  }
}

/** The command of a method. It takes the requests of that method, which TypeScript cannot follow. */
function commandOf(method: Method): Command<Method> {
  return COMMANDS[method] as Command<Method>;
}

/** The line of one reply, for the command that finds its result. */
class ReplyLine implements ReplyWriter {
  room = 0;
  #out: ByteChunks | undefined;
  #id: Span | undefined;

  begin(out: ByteChunks, id: Span | undefined, room: number): void {
    this.#out = out;
    this.#id = id;
    this.room = room;
  }

  succeed(result: Span | ByteChunks, cursor?: string): void {
    if (this.#out) addSuccess(this.#out, this.#id, result, cursor);
  }
}

/** Who has not been admitted learns nothing of what a request should look like, but for `hello`. */
function failureOf(client: Client, { method, failure }: Rejection): Failure {
  const isAboutMembers = failure.type === "ValueError" || failure.type === "MethodError";
  const isAllowed = client.isAuthenticated ||
    (method !== undefined && COMMANDS[method].allowedBeforeAuth);
  if (isAllowed || !isAboutMembers) return failure;
  return tokenMissing(method);
}

/** What a request is about, for people. */
function subjectOf(
  request: Request | Rejection,
  maxChars: number,
): { key?: string; regex?: string; subkey?: string } {
  if (isRejection(request)) return {};
  const key = keyTextIn(request);
  if (key !== undefined) return { key: shortened(keyOf(key), maxChars) };
  if ("regex" in request) return { regex: shortened(request.regex, maxChars) };
  return "subkey" in request ? { subkey: shortened(request.subkey, maxChars) } : {};
}

function shortened(text: string, maxChars: number): string {
  return text.length > maxChars ? text.slice(0, maxChars) + "..." : text;
}

/** What a success takes beside its result, in bytes. */
function frameBytes(request: Request): number {
  const { id } = request;
  const idBytes = id === undefined ? 0 : ID_FRAME_BYTES + id.end - id.start;
  const cursorBytes = "limit" in request && request.limit !== undefined ? CURSOR_BYTES : 0;
  return FRAME_BYTES + idBytes + cursorBytes;
}
