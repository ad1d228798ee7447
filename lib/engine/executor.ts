/** Executes one request: command, storage, reply, count, debug line. */
import type { Log } from "../base/log.ts";
import { quoted } from "../base/quoted.ts";
import { fitsInUtf8, utf8Bytes } from "../base/utf8.ts";
import type { Commits } from "./commits.ts";
import { isRefusal } from "../protocol/decode_request.ts";
import { encodeFailure, encodeSuccess } from "../protocol/encode_reply.ts";
import type {
  Failure,
  FailureType,
  JsonText,
  Method,
  Refusal,
  Request,
  RequestOf,
} from "../protocol/message.ts";
import { METHODS } from "../protocol/message.ts";
import {
  type Client,
  type Command,
  type CommandContext,
  COMMANDS,
  type Outcome,
  tokenMissing,
} from "../table/commands.ts";

/** A reply. */
export interface Answer {
  /** With its LF. */
  readonly line: string;
  readonly outcome: "OK" | FailureType;
  /** Whether the connection ends with it. */
  readonly closes: boolean;
  /** Number of the change that must be durable before this may leave (I2); 0: none. */
  readonly afterSeq: number;
}

/** What a success takes beside its id, cursor and result. */
const FRAME_BYTES = encodeSuccess(undefined, "").length;

/** Most that a cursor takes. */
const CURSOR_BYTES = ',"cursor":"c"'.length + String(Number.MAX_SAFE_INTEGER).length;

/** Room without which nothing is executed: the result of an insert. */
const LEAST_ROOM_BYTES = "null".length;

/** Executes requests, and counts them. */
export class Executor {
  readonly #context: CommandContext;
  readonly #commits: Commits;
  readonly #maxReplyBytes: number;
  readonly #log: Log;
  readonly #startedMs = performance.now();
  #requests = 0;

  /** Requests executed so far, by method; those that failed count too. */
  readonly ops: Readonly<Record<Method, number>>;
  readonly #ops: Record<Method, number>;

  /** @param options.maxReplyBytes longest reply line */
  constructor(options: {
    context: CommandContext;
    commits: Commits;
    maxReplyBytes: number;
    log: Log;
  }) {
    this.#context = options.context;
    this.#commits = options.commits;
    this.#maxReplyBytes = options.maxReplyBytes;
    this.#log = options.log;
    this.#ops = Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<Method, number>;
    this.ops = this.#ops;
  }

  /**
   * Executes a request whole, or answers a line that is none.
   *
   * @param whyNoChanges set where the storage takes no changes now: they fail with this reason
   */
  readonly execute = (
    client: Client,
    request: Request | Refusal,
    whyNoChanges?: string,
  ): Answer => {
    if (!this.#log.debugging) return this.#answer(client, request, whyNoChanges);
    const startedMs = performance.now();
    const answer = this.#answer(client, request, whyNoChanges);
    this.#trace(client, request, answer, startedMs, performance.now());
    return answer;
  };

  #answer(client: Client, request: Request | Refusal, whyNoChanges?: string): Answer {
    if (isRefusal(request)) return this.#failure(request.id, failureOf(client, request));
    const { id } = request;
    const room = this.#maxReplyBytes - frameBytes(request);
    if (room < LEAST_ROOM_BYTES) return this.#failure(undefined, this.#idTooLarge());
    const [outcome, afterSeq] = this.#run(client, request, room, whyNoChanges);
    if (!("result" in outcome)) {
      return this.#failure(
        id,
        outcome.type === "TooLarge" ? this.#tooLarge(outcome.message) : outcome,
        afterSeq,
        "closes" in outcome,
      );
    }
    if (!fitsInUtf8(outcome.result, room)) {
      const bytes = utf8Bytes(outcome.result);
      return this.#failure(
        id,
        this.#tooLarge(`Cannot ${request.method}: the result has ${bytes} bytes`),
        afterSeq,
      );
    }
    return {
      line: encodeSuccess(id, outcome.result, outcome.cursor),
      outcome: "OK",
      closes: false,
      afterSeq,
    };
  }

  #failure(
    id: JsonText | undefined,
    failure: Failure,
    afterSeq: number = 0,
    closes: boolean = false,
  ): Answer {
    const line = encodeFailure(id, failure);
    // No sentence is as long as the smallest limit, but an id may be.
    if (id !== undefined && !fitsInUtf8(line, this.#maxReplyBytes)) {
      return this.#failure(undefined, this.#idTooLarge(), afterSeq, closes);
    }
    return { line, outcome: failure.type, closes, afterSeq };
  }

  #idTooLarge(): Failure {
    return this.#tooLarge("Cannot answer: the id leaves no room for more");
  }

  #tooLarge(message: string): Failure {
    return {
      type: "TooLarge",
      message: `${message}; a reply may have at most ${this.#maxReplyBytes} bytes (--max-reply)`,
    };
  }

  /** Runs the command, and tells the number of the change that its outcome shows. */
  #run(
    client: Client,
    request: Request,
    maxBytes: number,
    whyNoChanges?: string,
  ): [Outcome, number] {
    if (!client.admitted && request.method !== "hello") return [tokenMissing(request.method), 0];
    this.#ops[request.method]++;
    if (request.method === "insert" || request.method === "remove") {
      return this.#change(client, request, maxBytes, whyNoChanges);
    }
    // The table pairs each method with its own request type, which TypeScript cannot follow here.
    const command = COMMANDS[request.method] as Command<Method>;
    const shows = request.method === "ping"
      ? 0
      : this.#commits.shownBy(request.method === "lookup" ? request.key : undefined);
    return [command.run(this.#context, client, request, maxBytes), shows];
  }

  #change(
    client: Client,
    request: RequestOf<"insert"> | RequestOf<"remove">,
    maxBytes: number,
    whyNoChanges: string | undefined,
  ): [Outcome, number] {
    if (whyNoChanges !== undefined) {
      const message = `Cannot ${request.method} ${
        quoted(request.key)
      }: it could not be made durable and was not made (${whyNoChanges})`;
      return [{ type: "StorageError", message }, 0];
    }
    const before = this.#context.table.lookup(request.key);
    const outcome = request.method === "insert"
      ? COMMANDS.insert.run(this.#context, client, request, maxBytes)
      : COMMANDS.remove.run(this.#context, client, request, maxBytes);
    // A failure shows what the table holds: the key, or how full it is.
    if (!("result" in outcome)) return [outcome, this.#commits.shownBy(undefined)];
    return [outcome, this.#commits.add(request, before)];
  }

  /** One line for `--debug`: times are since the server's start, and requests never overlap. */
  #trace(
    client: Client,
    request: Request | Refusal,
    { outcome }: Answer,
    startedMs: number,
    endedMs: number,
  ): void {
    this.#log.debug("request", {
      n: ++this.#requests,
      client: client.number,
      method: request.method ?? "?",
      ...("key" in request ? { key: shortened(request.key) } : {}),
      ...("regex" in request ? { regex: shortened(request.regex) } : {}),
      outcome,
      start_us: Math.round((startedMs - this.#startedMs) * 1e3),
      end_us: Math.round((endedMs - this.#startedMs) * 1e3),
    });
  }
}

/** Who has not been admitted learns nothing of what a request should look like, but for `hello`. */
function failureOf(client: Client, { method, failure }: Refusal): Failure {
  const isAboutMembers = failure.type === "ValueError" || failure.type === "MethodError";
  if (client.admitted || !isAboutMembers || method === "hello") return failure;
  return tokenMissing(method);
}

function shortened(text: string): string {
  return text.length > 60 ? text.slice(0, 60) + "..." : text;
}

/** What a success takes beside its result. */
function frameBytes(request: Request): number {
  const id = request.id === undefined ? 0 : ',"id":'.length + utf8Bytes(request.id);
  const cursor = "limit" in request && request.limit !== undefined ? CURSOR_BYTES : 0;
  return FRAME_BYTES + id + cursor;
}
