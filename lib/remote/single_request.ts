/** Requests that are executed alone, after all replies before them: without a key, or not valid. */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import type { Span } from "../bytes/span.ts";
import type { ClosingFailure } from "../commands/client_state.ts";
import { noMemory } from "../commands/failures.ts";
import { runSessionCommand } from "../commands/session_commands.ts";
import type { RequestSource } from "../engine/engine.ts";
import { isRejection } from "../protocol/decode_request.ts";
import { addFailure, addSuccess } from "../protocol/encode_reply.ts";
import type { Failure, FailureType } from "../protocol/message.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import type { RemoteParts } from "./remote_parts.ts";

type AloneOutcome = "OK" | FailureType;

/**
 * Executes a request and adds its reply.
 *
 * @returns its outcome, or a promise of it
 */
export function executeAlone(
  request: Request | Rejection,
  source: RequestSource,
  parts: RemoteParts,
): AloneOutcome | Promise<AloneOutcome> {
  const { reply, counters, context } = parts;
  const { client, out } = source;
  if (isRejection(request)) return fail(parts, source, request.id, request.failure);
  const { id, method } = request;
  const room = reply.roomFor(request);
  if (room === undefined) return reply.failForId(out);
  counters.ops[method]++;
  switch (request.method) {
    case "ping":
    case "info":
    case "hello": {
      const start = out.length;
      reply.begin(out, id, room);
      const failure = runSessionCommand(context, client, request, reply);
      if (failure === undefined) return "OK";
      out.truncate(start);
      return fail(parts, source, id, failure);
    }
    case "scan":
    case "query":
      return replyWith(parts.search.run(source, request, room), request, source, parts);
    case "size":
      return replyWith(parts.size.count(), request, source, parts);
    default:
      // A request with a key comes here only without room for a reply.
      return reply.failForId(out);
  }
}

/** The result of a search, or of another request. */
interface Result {
  readonly result: Span | ByteChunks;
  readonly cursor?: string;
}

/** Adds the reply once the result is known. */
async function replyWith(
  result: Promise<Result | Failure>,
  { id, method }: Request,
  source: RequestSource,
  parts: RemoteParts,
): Promise<AloneOutcome> {
  const found = await result;
  if ("type" in found) return fail(parts, source, id, found);
  const { out } = source;
  const start = out.length;
  try {
    addSuccess(out, id, found.result, found.cursor);
    return "OK";
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    out.truncate(start);
    const failure = noMemory(method);
    addFailure(out, id, failure);
    return failure.type;
  } finally {
    if ("clear" in found.result) found.result.clear(); // if the reply did not move it
  }
}

function fail(
  { reply }: RemoteParts,
  { client, out }: RequestSource,
  id: Span | undefined,
  failure: Failure | ClosingFailure,
): FailureType {
  if ("closes" in failure) client.closedBy = failure.type;
  return reply.fail(out, id, failure);
}
