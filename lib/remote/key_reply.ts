/** The replies to requests for keys, once their outcome in the store is known. */
import type { ByteChunks } from "../bytes/byte_chunks.ts";
import {
  noMemory,
  noSuchKey,
  notAnswered,
  notDurable,
  resultTooLarge,
  tableFull,
} from "../commands/failures.ts";
import { addSuccess, NULL_RESULT } from "../protocol/encode_reply.ts";
import type { Failure, FailureType } from "../protocol/message.ts";
import type { StoreFailure } from "../store/store.ts";
import type { KeyCommand, KeyRequest } from "./key_command.ts";
import type { RemoteParts } from "./remote_parts.ts";

/** The end of a request: also that it is not known, so that there is no reply. */
export type RequestOutcome = "OK" | FailureType | "unknown outcome";

/**
 * Adds the reply to the request of a command that has ended, if it is not there already.
 *
 * @returns the outcome of the request
 */
export function replyTo(
  command: KeyCommand,
  out: ByteChunks,
  { reply, counters }: Pick<RemoteParts, "reply" | "counters">,
): RequestOutcome {
  const { request, outcome } = command;
  if (request === undefined) return "unknown outcome";
  const start = out.length;
  try {
    if (outcome === "written") return "OK";
    if (outcome === "inserted" || outcome === "held") {
      if (outcome === "held") command.writeHeld();
      else addSuccess(out, request.id, NULL_RESULT);
      return "OK";
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    out.truncate(start);
    command.outcome = "no memory";
  }
  const failure = failureOf(command, request);
  if (command.failure !== undefined || failure === undefined) {
    if (failure === undefined) counters.unknownOutcomes++;
    else counters.failures++;
    counters.lastFailure = withoutQuotes(command.failure?.why ?? "the reply had no result");
  }
  return failure === undefined ? "unknown outcome" : reply.fail(out, request.id, failure);
}

/**
 * The reason of a failure up to its first quote. `info` shows it to all clients, and a node may quote words of
 * one client's command behind it.
 */
function withoutQuotes(why: string): string {
  const at = why.search(/['"`]/);
  return at < 0 ? why : `${why.slice(0, at)}...`;
}

/** The failure of a request; undefined: its outcome is unknown. */
function failureOf(command: KeyCommand, request: KeyRequest): Failure | undefined {
  const { method, key } = request;
  switch (command.outcome) {
    case "missing":
      return noSuchKey(method === "remove" ? "remove" : "look up", key);
    case "too large":
      return resultTooLarge(method, command.valueBytes, key);
    case "failed":
      return storeFailure(request, command.failure);
    default:
      // Without memory for its reply, a change has happened that no reply can show.
      if (method !== "lookup") return undefined;
      return command.outcome === "no memory"
        ? noMemory(method)
        : notAnswered(method, "its reply has no value", key);
  }
}

function storeFailure(
  { method, key }: KeyRequest,
  failure: StoreFailure = { kind: "rejected", why: "" },
): Failure {
  const { kind, why } = failure;
  if (method === "lookup") return notAnswered(method, why, key);
  return kind === "full" && method === "insert"
    ? tableFull(key, why)
    : notDurable(method, key, why);
}
