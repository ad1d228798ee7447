/** One question to one catalog: `GET /query.json`, bounded in time and size, and why it failed. */
import type { Address } from "../../base/address.ts";
import { pauseAfterFailures, sleep, unixSeconds } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import {
  BUSY_CATALOG_MS,
  BUSY_CATALOG_PAUSE_MS,
  CATALOG_QUERY_MS,
  MAX_LISTING_BYTES,
  MAX_TRUNCATED_REPLIES,
} from "../../base/limits.ts";
import { httpGet, HttpGetError } from "./http_get.ts";
import { readListing, type RecordTest, TruncatedError } from "../record/listing.ts";
import type { ServerRecord } from "../record/server_record.ts";

/** A catalog that gave no listing; the message is the reason, in a few words. */
export class CatalogQueryError extends Error {
  override name = "CatalogQueryError";
}

/** Asks one catalog; what `Resolver` and `Announcer` take in place of `queryCatalog` in tests. */
export type CatalogQuery = (
  catalog: Address,
  signal: AbortSignal,
  wanted?: RecordTest,
) => Promise<ServerRecord[]>;

/** Bounds of a question; all have defaults. */
export interface CatalogQueryOptions {
  /** Time for one attempt, in milliseconds (default `CATALOG_QUERY_MS`). */
  readonly timeoutMs?: number;
  /** Waits between two attempts (default: as `sleep` of `clock.ts`). */
  readonly pause?: typeof sleep;
}

/**
 * Asks a catalog for hash tables that it lists. A catalog that is busy, or that closes the
 * connection before its reply is complete, is asked again after growing pauses: many clients may
 * look up at the same time.
 *
 * @param catalog the one to ask
 * @param signal calls it off
 * @param wanted which ones (default: all)
 * @param options bounds
 * @throws {CatalogQueryError} if there is no whole listing in that time, or if it is called off
 */
export async function queryCatalog(
  catalog: Address,
  signal: AbortSignal,
  wanted?: RecordTest,
  { timeoutMs = CATALOG_QUERY_MS, pause = sleep }: CatalogQueryOptions = {},
): Promise<ServerRecord[]> {
  const startMs = performance.now();
  for (let attempts = 1, cutOff = 0;; attempts++) {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    let error: unknown;
    try {
      return await readCatalog(catalog, AbortSignal.any([signal, timeout.signal]), wanted);
    } catch (thrown) {
      error = thrown;
    } finally {
      clearTimeout(timer);
    }
    if (signal.aborted) throw new CatalogQueryError("called off");
    if (timeout.signal.aborted) {
      throw new CatalogQueryError(`no answer within ${timeoutMs / 1_000} s`);
    }
    const retryAfterMs = error instanceof TruncatedError
      ? 0
      : error instanceof HttpGetError
      ? error.retryAfterMs
      : undefined;
    if (retryAfterMs === 0) cutOff++;
    const hasHadItsTime = performance.now() - startMs > BUSY_CATALOG_MS ||
      cutOff >= MAX_TRUNCATED_REPLIES;
    if (retryAfterMs === undefined || hasHadItsTime) throw new CatalogQueryError(messageOf(error));
    const growing = pauseAfterFailures(BUSY_CATALOG_PAUSE_MS, attempts);
    // Jitter: clients that were refused together must not come back together.
    await pause(retryAfterMs + growing * (0.5 + Math.random()), signal);
  }
}

async function readCatalog(
  catalog: Address,
  signal: AbortSignal,
  isWanted: RecordTest | undefined,
): Promise<ServerRecord[]> {
  const { date, body } = await httpGet(catalog, "/query.json", {
    maxBytes: MAX_LISTING_BYTES,
    signal,
  });
  return readListing(
    body,
    { nowS: unixSeconds(), catalogNowS: httpDateSeconds(date), isWanted },
    signal,
  );
}

/** Unix seconds of an HTTP date, or undefined: cctools sends local time, which proves nothing. */
function httpDateSeconds(date: string | undefined): number | undefined {
  if (!date?.endsWith(" GMT")) return undefined;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000);
}
