/** Executes one request: command, storage, reply, count, debug line. */
import type { Log } from "../base/log.ts";
import { fitsInUtf8, utf8Bytes } from "../base/utf8.ts";
import { isRefusal } from "../protocol/decode_request.ts";
import { encodeFailure, encodeSuccess } from "../protocol/encode_reply.ts";
import type { Failure, Method, Refusal, Request } from "../protocol/message.ts";
import { METHODS } from "../protocol/message.ts";
import type { Storage } from "../storage/storage.ts";
import {
  type Client,
  type Command,
  type CommandContext,
  COMMANDS,
  type Outcome,
  tokenMissing,
} from "../table/commands.ts";

/** A reply's line, and whether the connection ends with it. */
export interface Answer {
  readonly line: string;
  readonly closes: boolean;
}

/** Room that a reply takes beside its id and its result, in bytes. */
const REPLY_FRAME_BYTES = 200;

/** Executes requests, and counts them. */
export class Executor {
  readonly #context: CommandContext;
  readonly #storage: Storage;
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
    storage: Storage;
    maxReplyBytes: number;
    log: Log;
  }) {
    this.#context = options.context;
    this.#storage = options.storage;
    this.#maxReplyBytes = options.maxReplyBytes;
    this.#log = options.log;
    this.#ops = Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<Method, number>;
    this.ops = this.#ops;
  }

  /** Executes a request whole, or answers a line that is none. */
  readonly execute = (client: Client, request: Request | Refusal): Answer => {
    if (!this.#log.debugging) return this.#answer(client, request);
    const startedMs = performance.now();
    const answer = this.#answer(client, request);
    this.#trace(client, request, answer, startedMs, performance.now());
    return answer;
  };

  #answer(client: Client, request: Request | Refusal): Answer {
    if (isRefusal(request)) {
      return { line: encodeFailure(request.id, failureOf(client, request)), closes: false };
    }
    const room = this.#maxReplyBytes - REPLY_FRAME_BYTES -
      (request.id === undefined ? 0 : utf8Bytes(request.id));
    if (room < REPLY_FRAME_BYTES) {
      return {
        line: encodeFailure(undefined, {
          type: "TooLarge",
          message:
            `Cannot answer: the id leaves no room in a reply of at most ${this.#maxReplyBytes} bytes (--max-reply)`,
        }),
        closes: false,
      };
    }
    const outcome = this.#run(client, request, room);
    if ("result" in outcome) {
      return {
        line: encodeSuccess(request.id, outcome.result, outcome.cursor),
        closes: false,
      };
    }
    return { line: encodeFailure(request.id, outcome), closes: "closes" in outcome };
  }

  #run(client: Client, request: Request, maxBytes: number): Outcome {
    if (!client.admitted && request.method !== "hello") return tokenMissing(request.method);
    this.#ops[request.method]++;
    // The table pairs each method with its own request type, which TypeScript cannot follow here.
    const command = COMMANDS[request.method] as Command<Method>;
    const outcome = command.run(this.#context, client, request, maxBytes);
    if (command.changes && "result" in outcome) {
      if (request.method === "insert" || request.method === "remove") this.#storage.append(request);
    }
    return outcome;
  }

  /** One line for `--debug`: times are since the server's start, and requests never overlap. */
  #trace(
    client: Client,
    request: Request | Refusal,
    { line }: Answer,
    startedMs: number,
    endedMs: number,
  ): void {
    this.#log.debug("request", {
      n: ++this.#requests,
      client: client.number,
      method: request.method ?? "?",
      ...("key" in request ? { key: shortened(request.key) } : {}),
      ...("regex" in request ? { regex: shortened(request.regex) } : {}),
      outcome: line.startsWith('{"status":"OK"') ? "OK" : failureType(line),
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
  return fitsInUtf8(text, 60) ? text : text.slice(0, 60) + "...";
}

function failureType(line: string): string {
  return /"type":"(\w+)","message":/.exec(line)?.[1] ?? "ERROR";
}
