/** One question to one catalog: `GET /query.json`, bounded in time and size, and why it failed. */
import { type Address, addressText } from "../base/address.ts";
import { ByteBuilder } from "../base/byte_builder.ts";
import { unixSeconds } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { CATALOG_QUERY_MS, MAX_LISTING_BYTES } from "../base/limits.ts";
import { readListing, type RecordTest, type ServerRecord } from "./listing.ts";

/** Layers of an error that are looked at for its reason. */
const MAX_CAUSES = 5;

/** Characters of a reason that are shown. */
const MAX_REASON_CHARS = 200;

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

/**
 * Asks a catalog for hash tables that it lists.
 *
 * @param catalog whom to ask
 * @param signal calls it off
 * @param wanted which ones (default: all)
 * @param timeoutMs time for all of it, in milliseconds (default `CATALOG_QUERY_MS`)
 * @throws {CatalogQueryError} where there is no whole listing in that time, or when called off
 */
export async function queryCatalog(
  catalog: Address,
  signal: AbortSignal,
  wanted?: RecordTest,
  timeoutMs: number = CATALOG_QUERY_MS,
): Promise<ServerRecord[]> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timeoutMs);
  try {
    return await fetchListing(catalog, AbortSignal.any([signal, timeout.signal]), wanted);
  } catch (error) {
    if (signal.aborted) throw new CatalogQueryError("called off");
    if (timeout.signal.aborted) {
      throw new CatalogQueryError(`no answer within ${timeoutMs / 1000} s`);
    }
    throw new CatalogQueryError(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

async function fetchListing(
  catalog: Address,
  signal: AbortSignal,
  wanted: RecordTest | undefined,
): Promise<ServerRecord[]> {
  const url = `http://${addressText(catalog)}/query.json`;
  using client = catalog.hostname === "127.0.0.1" ? directClient(catalog) : undefined;
  const response = await fetch(url, { signal, redirect: "error", ...(client && { client }) });
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel();
    throw new CatalogQueryError(`it answered with HTTP status ${response.status}`);
  }
  const body = await wholeBody(response.body, MAX_LISTING_BYTES);
  const catalogNowS = httpDateSeconds(response.headers.get("date"));
  return readListing(body, { nowS: unixSeconds(), catalogNowS, wanted }, signal);
}

/** Goes there and not to what `HTTP_PROXY` names: a proxy knows nothing of this machine's catalog. */
function directClient({ hostname, port }: Address): Deno.HttpClient {
  return Deno.createHttpClient({ proxy: { transport: "tcp", hostname, port } });
}

async function wholeBody(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const whole = new ByteBuilder();
  // Leaving the loop early cancels the body.
  for await (const chunk of body) {
    if (whole.length + chunk.length > maxBytes) {
      throw new CatalogQueryError(`its reply is longer than ${maxBytes} bytes`);
    }
    whole.add(chunk);
  }
  return whole.filled();
}

/** Unix seconds of an HTTP date, or undefined: cctools sends local time, which tells nothing. */
function httpDateSeconds(date: string | null): number | undefined {
  if (!date?.endsWith(" GMT")) return undefined;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** What `fetch` says, in a few words: its own message hides it in layers of causes. */
function reasonOf(error: unknown): string {
  const messages = [messageOf(error)];
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined && messages.length < MAX_CAUSES) {
    inner = inner.cause;
    messages.push(messageOf(inner));
  }
  const all = messages.join(": ");
  if (/connection refused/i.test(all)) return "nobody listens there";
  if (/dns error|lookup|resolve|ENOTFOUND/i.test(all)) return "its name cannot be looked up";
  if (/unreachable/i.test(all)) return "the network does not reach it";
  // It may quote what the catalog sent.
  return (messages.at(-1) ?? all).slice(0, MAX_REASON_CHARS).replace(/[^\x20-\x7e]/g, "?");
}
