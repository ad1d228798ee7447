/**
 * A typed client of one server: `insert`, `lookup` and the others as methods.
 *
 * Requests may be sent without waiting for earlier ones; they are executed in the order of the
 * calls. When the connection breaks, the server is found again and what may be repeated is repeated
 * (see `retry.ts`).
 */
import { type Address, parseAddress } from "../base/address.ts";
import { CATALOG_PORT } from "../base/catalog_hosts.ts";
import { sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { skipValue, skipWhite, stringAt, visitElements } from "../base/json_scan.ts";
import { quoted } from "../base/quoted.ts";
import { spanOf, textAt } from "../base/span.ts";
import { Resolver } from "../catalog/resolver.ts";
import type { SuccessReply } from "../protocol/decode_reply.ts";
import { encodeRequest, type RequestMembers } from "../protocol/encode_request.ts";
import type { JsonText } from "../protocol/message.ts";
import { type Trust, trustIn } from "./dial.ts";
import { ConnectionLostError, ServerNotFoundError, TlsError, WrongServerError } from "./errors.ts";
import { findServer, type Found, greet, type Greeting } from "./find_server.ts";
import { mayRepeat, pauseAfter } from "./retry.ts";

/** A string, number, boolean or null: what `query` compares with. */
export type Atom = string | number | boolean | null;

/** How to reach a server. */
export interface ClientOptions {
  /** Catalogs to ask, all at once (default: none but the local one). */
  readonly catalogs?: readonly Address[] | undefined;
  /** Port of this machine's own catalog (default 9097); null: do not ask it. */
  readonly localCatalogPort?: number | null | undefined;
  /** Shown to servers that need one. */
  readonly token?: string | undefined;
  /**
   * PEM text of certificates to trust: of authorities, or the server's own. With it, the connection is
   * by TLS and never without, and the server's certificate must be for the target: its name, or the
   * host of HOST:PORT (default: plain TCP).
   */
  readonly ca?: string | undefined;
  /**
   * How long a server is looked for, at first and after the connection broke, in milliseconds (default
   * 60,000). A server that is silent for so long while requests wait counts as gone, but not before
   * `LEAST_SILENCE_MS`.
   */
  readonly timeoutMs?: number | undefined;
  /** Takes sentences that a user should see (default: nobody). */
  readonly onWarning?: ((message: string) => void) | undefined;
  /**
   * Where the server was found a moment ago: tried first, once, so that many clients need not ask the
   * catalogs for one name (default: nowhere).
   */
  readonly at?: Address | undefined;
}

/** A request may take this long at the least, in milliseconds: a scan looks at the whole table. */
const LEAST_SILENCE_MS = 30_000;

/** Keys looked for in one part by `scanAll`. */
const PART_PAIRS = 1_000;

/** A client of one server. */
export class HtClient {
  readonly #find: (signal: AbortSignal) => Promise<Found>;
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  #found: Found | undefined;
  #connections = 0;
  #search: Promise<Found> | undefined;

  private constructor(find: (signal: AbortSignal) => Promise<Found>, timeoutMs: number) {
    this.#find = find;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Finds a server and connects to it.
   *
   * @param target its name in the catalogs, or HOST:PORT
   * @throws {ServerNotFoundError} where none is found or answers in time
   * @throws {AuthError} where it needs a token, or another one
   * @throws {TlsError} where the server and `ca` do not go together
   */
  static async connect(target: string, options: ClientOptions = {}): Promise<HtClient> {
    const { token, ca, timeoutMs = 60_000, onWarning = () => {} } = options;
    const silenceMs = Math.max(timeoutMs, LEAST_SILENCE_MS);
    const address = parseAddress(target);
    const trust = ca === undefined ? undefined : trustIn(ca, address?.hostname ?? target);
    const project = address ? undefined : target;
    const greeting: Greeting = { project, token, silenceMs, trust };
    const find = address
      ? (signal: AbortSignal) => greetUntil(address, greeting, signal, onWarning)
      : firstAt(options.at, greeting, byName(target, silenceMs, options, trust, onWarning));
    const client = new HtClient(find, timeoutMs);
    await client.#findAgain();
    return client;
  }

  /** How many connections it has made so far: one more whenever the server was found again. */
  get connections(): number {
    return this.#connections;
  }

  /** Where the server is, or was when the connection broke. */
  get address(): Address {
    if (this.#found === undefined) throw new TypeError("connect() sets it");
    return this.#found.link.address;
  }

  /** Inserts or replaces a value: anything that `JSON.stringify` takes. */
  insert(key: string, value: unknown): Promise<void> {
    const text: unknown = JSON.stringify(value);
    if (typeof text !== "string") {
      return Promise.reject(
        new TypeError(`Cannot insert ${quoted(key)}: a value must be JSON, not ${typeof value}`),
      );
    }
    return this.#insertLine(key, text);
  }

  /** Inserts or replaces a value given as JSON text; it comes back byte for byte. */
  insertText(key: string, value: JsonText): Promise<void> {
    const { bytes, end } = spanOf(value);
    const valueEnd = skipValue(bytes, skipWhite(bytes, 0, end), end);
    if (valueEnd < 0 || skipWhite(bytes, valueEnd, end) !== end) {
      return Promise.reject(
        new TypeError(`Cannot insert ${quoted(key)}: the value must be JSON, not ${quoted(value)}`),
      );
    }
    // A line end between tokens would end the request; any other white space means the same.
    return this.#insertLine(key, value.trim().replace(/[\r\n]/g, " "));
  }

  /** The value of a key. @throws {KeyError} where there is no such key */
  async lookup(key: string): Promise<unknown> {
    return JSON.parse(await this.lookupText(key));
  }

  /** The value of a key as it was sent. @throws {KeyError} where there is no such key */
  async lookupText(key: string): Promise<JsonText> {
    return (await this.request({ method: "lookup", key })).result;
  }

  /** Removes a key and gives its value. @throws {KeyError} where there is no such key */
  async remove(key: string): Promise<unknown> {
    return JSON.parse(await this.removeText(key));
  }

  /** Removes a key and gives its value as it was sent. @throws {KeyError} where there is no such key */
  async removeText(key: string): Promise<JsonText> {
    return (await this.request({ method: "remove", key })).result;
  }

  /** All pairs whose key the regex is found in, at one instant. @throws {ValueError} for a bad regex */
  async scan(regex: string): Promise<[string, unknown][]> {
    return parsedPairs(await this.scanText(regex));
  }

  /** As `scan`, with the values as they were sent. */
  async scanText(regex: string): Promise<[string, JsonText][]> {
    return pairsOf((await this.request({ method: "scan", regex })).result);
  }

  /** All pairs whose value is an object with that member, at one instant. */
  async query(subkey: string, subvalue: Atom): Promise<[string, unknown][]> {
    return parsedPairs(await this.queryText(subkey, JSON.stringify(subvalue)));
  }

  /** As `query`, with the member's value given as JSON text, and the values as they were sent. */
  async queryText(subkey: string, subvalue: JsonText): Promise<[string, JsonText][]> {
    return pairsOf((await this.request({ method: "query", subkey, subvalue })).result);
  }

  /**
   * As `scanText`, but in parts, for tables of any size: a key that is there during the whole time
   * comes exactly once.
   *
   * @param pairs at most in one part (default 1,000)
   */
  async *scanAll(regex: string, pairs: number = PART_PAIRS): AsyncGenerator<[string, JsonText]> {
    let cursor: string | undefined;
    do {
      const reply = await this.request({ method: "scan", regex, limit: pairs, cursor });
      yield* pairsOf(reply.result);
      cursor = reply.cursor;
    } while (cursor !== undefined);
  }

  /** Number of keys. */
  async size(): Promise<number> {
    return Number((await this.request({ method: "size" })).result);
  }

  /** What the server says of itself. */
  async info(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.request({ method: "info" })).result);
  }

  /** Asks for a sign of life. */
  async ping(): Promise<void> {
    await this.request({ method: "ping" });
  }

  /**
   * Sends any request and gives the reply as text.
   *
   * @throws {ReplyError} where the server answered `ERROR`
   * @throws {ConnectionLostError} where the connection broke and the request may not be repeated
   * @throws {ServerNotFoundError} where the connection broke and the server was not found again
   */
  async request(members: RequestMembers): Promise<SuccessReply> {
    const line = encodeRequest(members);
    let firstFailureMs = 0;
    let maybeExecuted = false;
    for (let failures = 0;;) {
      // Sent without waiting wherever there is a connection, so that requests keep their order.
      const found = this.#live ?? await this.#foundFor(maybeExecuted);
      try {
        return await found.link.send(line);
      } catch (error) {
        if (!mayRepeat(error, members)) throw error;
        maybeExecuted ||= error instanceof ConnectionLostError && error.maybeExecuted;
        if (failures++ === 0) firstFailureMs = performance.now();
        const leftMs = firstFailureMs + this.#timeoutMs - performance.now();
        const pauseMs = failures === 1 ? 0 : pauseAfter(failures - 1);
        if (pauseMs > leftMs || !(await sleep(pauseMs, this.#closing.signal))) {
          throw maybeExecuted ? new ConnectionLostError(messageOf(error), true) : error;
        }
      }
    }
  }

  /** Closes the connection; requests without a reply fail. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#search?.catch(() => {});
    await this.#found?.link.close();
  }

  async #insertLine(key: string, value: JsonText): Promise<void> {
    await this.request({ method: "insert", key, value });
  }

  /** The connection, where it is not broken. */
  get #live(): Found | undefined {
    return this.#found?.link.isBroken ? undefined : this.#found;
  }

  /** Finds the server for a request that may have been executed by it before. */
  async #foundFor(maybeExecuted: boolean): Promise<Found> {
    try {
      return await this.#findAgain();
    } catch (error) {
      if (!maybeExecuted || !(error instanceof ServerNotFoundError)) throw error;
      throw new ServerNotFoundError(error.message, maybeExecuted);
    }
  }

  /** Finds the server; one search at a time, however many requests wait for it. */
  #findAgain(): Promise<Found> {
    if (this.#closing.signal.aborted) {
      return Promise.reject(new ConnectionLostError("This client is closed", false));
    }
    this.#search ??= this.#searchUntil(this.#timeoutMs).finally(() => this.#search = undefined);
    return this.#search;
  }

  async #searchUntil(timeoutMs: number): Promise<Found> {
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), timeoutMs);
    try {
      this.#found = await this.#find(AbortSignal.any([timeUp.signal, this.#closing.signal]));
      this.#connections++;
      return this.#found;
    } finally {
      clearTimeout(timer);
    }
  }
}

function byName(
  project: string,
  silenceMs: number,
  { catalogs = [], localCatalogPort = CATALOG_PORT, token }: ClientOptions,
  trust: Trust | undefined,
  warn: (message: string) => void,
): (signal: AbortSignal) => Promise<Found> {
  const resolver = new Resolver({ catalogs, localPort: localCatalogPort ?? undefined });
  return (signal) => findServer({ resolver, project, token, silenceMs, trust, signal, warn });
}

/** As `find`, but the first time a server is looked for at `at`, where that is given. */
function firstAt(
  at: Address | undefined,
  greeting: Greeting,
  find: (signal: AbortSignal) => Promise<Found>,
): (signal: AbortSignal) => Promise<Found> {
  let known = at;
  return async (signal) => {
    const address = known;
    known = undefined;
    if (address) {
      try {
        return await greet(address, greeting, signal);
      } catch (error) {
        const isElsewhere = error instanceof ServerNotFoundError ||
          error instanceof WrongServerError || error instanceof TlsError;
        if (!isElsewhere) throw error;
      }
    }
    return await find(signal);
  };
}

/** As `findServer` for a known address: tries again with growing pauses until the time is up. */
async function greetUntil(
  address: Address,
  greeting: Greeting,
  signal: AbortSignal,
  warn: (message: string) => void,
): Promise<Found> {
  for (let failures = 0;;) {
    try {
      return await greet(address, greeting, signal);
    } catch (error) {
      if (!(error instanceof ServerNotFoundError)) throw error;
      if (++failures === 1) warn(`${error.message}; trying again`);
      if (!(await sleep(pauseAfter(failures), signal))) throw error;
    }
  }
}

/** The pairs of a scan's result: keys decoded, values as text. */
function pairsOf(result: JsonText): [string, JsonText][] {
  const { bytes, end } = spanOf(result);
  const pairs: [string, JsonText][] = [];
  visitElements(bytes, 0, end, (pairStart, pairEnd) => {
    let key: string | undefined;
    visitElements(bytes, pairStart, pairEnd, (start, end) => {
      if (key === undefined) key = stringAt(bytes, start, end);
      else pairs.push([key, textAt(bytes, start, end)]);
    });
  });
  return pairs;
}

function parsedPairs(pairs: [string, JsonText][]): [string, unknown][] {
  return pairs.map(([key, text]) => [key, JSON.parse(text)]);
}
