/** The request log: a debug line for each request, and the slow log. */
import { SLOW_REQUEST_MS } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { keyTextIn } from "../commands/command_table.ts";
import { isRejection } from "../protocol/decode_request.ts";
import { keyOf } from "../protocol/key_text.ts";
import type { Rejection, Request } from "../protocol/requests.ts";
import { SlowLog } from "./slow_log.ts";

/** Maximum length of a key or regex, in characters. */
const MAX_CHARS = { debugLine: 60, slowLog: 40 } as const;

/** Logs executed requests. */
export class RequestLog {
  readonly slowLog: SlowLog = new SlowLog();
  readonly #log: Log;
  readonly #startedMs = performance.now();
  #requests = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Whether a request that took this time would be logged. @param ms in milliseconds */
  takes(ms: number): boolean {
    return this.#log.isDebug || this.slowLog.takes(ms);
  }

  /**
   * Logs a request. In debug lines, times are since the server's start. In the local engine, requests never
   * overlap.
   *
   * @param client number of the client
   * @param outcome `OK`, or the failure's type
   * @param startMs by `performance.now()`, as is `endMs`
   */
  record(
    client: number,
    request: Request | Rejection,
    outcome: string,
    startMs: number,
    endMs: number,
  ): void {
    const ms = endMs - startMs;
    const method = request.method ?? "?";
    this.slowLog.record(ms, () => {
      return { client, method, ...subjectOf(request, MAX_CHARS.slowLog), outcome };
    });
    if (!this.#log.isDebug) return;
    this.#log.debug("request", {
      n: ++this.#requests,
      client,
      method,
      ...subjectOf(request, MAX_CHARS.debugLine),
      outcome,
      start_us: Math.round((startMs - this.#startedMs) * 1e3),
      end_us: Math.round((endMs - this.#startedMs) * 1e3),
      ...(ms > SLOW_REQUEST_MS ? { slow: true } : {}),
    });
  }
}

/** The key, regex or subkey of a request. */
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
