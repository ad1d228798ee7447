/** One query to one catalog: `GET /query.json`, bounded in time and size. */
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

/** The error of a query without a listing; the message is the reason, in a few words. */
export class CatalogQueryError extends Error {
  override name = "CatalogQueryError";
}

/** Queries one catalog; tests replace `queryCatalog` by another function. */
export type CatalogQuery = (
  catalog: Address,
  signal: AbortSignal,
  isWanted?: RecordTest,
) => Promise<ServerRecord[]>;

/** Bounds of a query. */
interface CatalogQueryOptions {
  /** Time for one attempt, in milliseconds (default `CATALOG_QUERY_MS`). */
  readonly timeoutMs?: number;
  /** Waits between two attempts (default: `sleep` of `clock.ts`). */
  readonly pause?: typeof sleep;
}

/**
 * Asks a catalog for the hash table servers that it lists. Many clients may look up at the same time,
 * so a busy catalog, or one that closes the connection before its reply is complete, is asked again
 * after growing pauses.
 *
 * @param signal cancels the query
 * @param isWanted selects records (default: all)
 * @throws {CatalogQueryError} if the catalog sent no complete listing in time, or if the query is
 * canceled
 */
export async function queryCatalog(
  catalog: Address,
  signal: AbortSignal,
  isWanted?: RecordTest,
  { timeoutMs = CATALOG_QUERY_MS, pause = sleep }: CatalogQueryOptions = {},
): Promise<ServerRecord[]> {
  const startMs = performance.now();
  for (let attempts = 1, truncated = 0;; attempts++) {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    let error: unknown;
    try {
      return await readCatalog(catalog, AbortSignal.any([signal, timeout.signal]), isWanted);
    } catch (thrown) {
      error = thrown;
    } finally {
      clearTimeout(timer);
    }
    if (signal.aborted) throw new CatalogQueryError("canceled");
    if (timeout.signal.aborted) {
      throw new CatalogQueryError(`no answer within ${timeoutMs / 1_000} s`);
    }
    const retryAfterMs = error instanceof TruncatedError
      ? 0
      : error instanceof HttpGetError
      ? error.retryAfterMs
      : undefined;
    if (retryAfterMs === 0) truncated++;
    const isTimeUp = performance.now() - startMs > BUSY_CATALOG_MS ||
      truncated >= MAX_TRUNCATED_REPLIES;
    if (retryAfterMs === undefined || isTimeUp) throw new CatalogQueryError(messageOf(error));
    const growing = pauseAfterFailures(BUSY_CATALOG_PAUSE_MS, attempts);
    // Jitter: clients that failed at the same time must not retry at the same time.
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

/** Unix seconds of an HTTP date, or undefined: cctools sends local time without a zone. */
function httpDateSeconds(date: string | undefined): number | undefined {
  if (!date?.endsWith(" GMT")) return undefined;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000);
}
