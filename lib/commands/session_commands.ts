/** The commands that do not touch the table, so they are the same for every engine: ping, info, hello. */
import { quoted } from "../base/quote.ts";
import { type Span, spanOf } from "../bytes/span.ts";
import type { Failure, JsonText } from "../protocol/message.ts";
import type { Method, RequestOf } from "../protocol/requests.ts";
import type { Agents } from "./agents.ts";
import type { Client, ClosingFailure } from "./client_state.ts";
import { resultTooLarge, tokenMissing } from "./failures.ts";
import type { ReplyWriter } from "./reply_writer.ts";

/** The state of a server that these commands read and change. */
export interface SessionContext {
  readonly project: string;
  /** The result of `info`, or of `hello`, as JSON text. */
  info(method: "info" | "hello"): JsonText;
  readonly agents: Agents;
  /** Whether this is the server's token; always true if the server needs none. */
  isToken(token: string | undefined): boolean;
}

/** A request of these commands. */
export type SessionRequest = RequestOf<"ping" | "info" | "hello">;

const PONG = spanOf('"pong"');

/**
 * Runs a command and writes its result to `reply`.
 *
 * @returns the failure if it failed
 */
export function runSessionCommand(
  context: SessionContext,
  client: Client,
  request: SessionRequest,
  reply: ReplyWriter,
): Failure | ClosingFailure | undefined {
  const { method } = request;
  if (method === "ping") return replyWith(method, PONG, reply);
  if (method === "hello") {
    const failure = authenticate(context, client, request);
    if (failure !== undefined) return failure;
  }
  return replyWith(method, spanOf(context.info(method)), reply);
}

function authenticate(
  context: SessionContext,
  client: Client,
  { project, token, agent }: RequestOf<"hello">,
): Failure | ClosingFailure | undefined {
  if (!client.isAuthenticated && !context.isToken(token)) {
    return token === undefined ? tokenMissing("hello") : {
      type: "AuthError",
      message: "Cannot authenticate this client: the token is not this server's",
      closes: true,
    };
  }
  if (project !== undefined && project !== context.project) {
    return {
      type: "WrongServer",
      message: `This server is ${quoted(context.project)}, not ${quoted(project)}`,
    };
  }
  client.isAuthenticated = true;
  if (agent !== undefined) context.agents.add(client, agent);
  return undefined;
}

/** Writes a result to the reply, or fails if it is too large. */
function replyWith(method: Method, result: Span, reply: ReplyWriter): Failure | undefined {
  const bytes = result.end - result.start;
  if (bytes > reply.room) return resultTooLarge(method, bytes);
  reply.succeed(result);
  return undefined;
}
