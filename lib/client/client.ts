/**
 * A typed client of one server: `insert`, `lookup` and the others as methods.
 *
 * Requests may be sent without waiting for earlier ones; they are executed in the order of the
 * calls. When the connection breaks, the server is found again, and the requests without a reply that
 * are safe to repeat are sent again, in their order (see `request_queue.ts`).
 */
import { type Address, parseAddress } from "../base/address.ts";
import { CATALOG_PORT } from "../catalog/catalog_hosts.ts";
import { skipValue, skipWhite, stringAt, visitElements } from "../json/scan.ts";
import { quoted } from "../base/quote.ts";
import { spanOf, textAt } from "../bytes/span.ts";
import { Resolver } from "../catalog/resolve/resolver.ts";
import type { SuccessReply } from "../protocol/decode_reply.ts";
import { encodeRequest, type RequestMembers } from "../protocol/encode_request.ts";
import type { JsonText } from "../protocol/message.ts";
import { trustIn } from "./dial.ts";
import { ConnectionLostError } from "./errors.ts";
import { atAddress, byName, type Finder, firstAt } from "./finder.ts";
import type { Credentials } from "./handshake.ts";
import { RequestQueue } from "./request_queue.ts";
import { repeatOf } from "./retry.ts";
import { newestOf, type TableIdentity } from "./server_identity.ts";

/** A string, number, boolean or null: what `query` compares with. */
export type Atom = string | number | boolean | null;

/** How to reach a server. */
export interface ClientOptions {
  /** Catalogs to ask, all at once (default: none but the local one). */
  readonly catalogs?: readonly Address[] | undefined;
  /** Port of this machine's own catalog (default 9097); null: do not ask it. */
  readonly localCatalogPort?: number | null | undefined;
  /**
   * Shown to servers that need one. A server that is found by its name sees it only over TLS (`ca`) or
   * on this machine's loopback; at HOST:PORT always.
   */
  readonly token?: string | undefined;
  /**
   * Whether a server that is found by its name may see the token in clear, over a network without TLS
   * (default: false). Names in catalogs are not authenticated, and networks can be read.
   */
  readonly tokenInClear?: boolean | undefined;
  /**
   * PEM text of certificates to trust: of authorities, or the server's own. With it, the connection is
   * by TLS and never without, and the server's certificate must be for the target: its name, or the
   * host of HOST:PORT (default: plain TCP).
   */
  readonly ca?: string | undefined;
  /**
   * Limit of each call, `connect` included, in milliseconds from the call (default 60,000): whatever
   * the server or the network does, it ends then with an error. A call that ends before its reply
   * came may have been executed, as `maybeExecuted` says.
   */
  readonly timeoutMs?: number | undefined;
  /** Takes sentences that a user should see (default: nobody). */
  readonly onWarning?: ((message: string) => void) | undefined;
  /**
   * Where the server was found a moment ago: tried first, once, so that many clients need not ask the
   * catalogs for one name (default: nowhere).
   */
  readonly at?: Address | undefined;
  /** The table that the server must have, as `HtClient.table` of another client (default: any). */
  readonly table?: TableIdentity | undefined;
  /**
   * Whether to go on with another table of the same name or address when the connection broke
   * (default: false, which is a `DifferentTableError`).
   */
  readonly acceptOtherTable?: boolean | undefined;
}

/** Keys looked for in one part by `scanAll`. */
const PART_PAIRS = 1_000;

/** A client of one server. */
export class HtClient {
  readonly #queue: RequestQueue;
  #address: Address | undefined;
  #table: TableIdentity | undefined;

  private constructor(find: Finder, target: string, timeoutMs: number, options: ClientOptions) {
    this.#table = options.table;
    const connect = async (signal: AbortSignal) => {
      const found = await find(signal, options.acceptOtherTable ? undefined : this.#table);
      this.#address = found.address;
      this.#table = newestOf(this.#table, found.table);
      return found.link;
    };
    this.#queue = new RequestQueue(connect, target, timeoutMs);
  }

  /**
   * Finds a server and connects to it.
   *
   * @param target its name in the catalogs, or HOST:PORT
   * @throws {ServerNotFoundError} where none is found or answers in time
   * @throws {AuthError} where it needs a token, or another one, or one that may not be shown to it
   * @throws {TlsError} where the server and `ca` do not go together
   * @throws {DifferentTableError} if it does not have `table`
   * @throws {TypeError} if `timeoutMs` is no positive number or `ca` holds no certificate
   */
  static async connect(target: string, options: ClientOptions = {}): Promise<HtClient> {
    const { token, tokenInClear = false, ca, timeoutMs = 60_000, onWarning = () => {} } = options;
    if (!(timeoutMs > 0)) throw new TypeError(`timeoutMs must be above 0; ${timeoutMs} came`);
    const address = parseAddress(target);
    const trust = ca === undefined ? undefined : trustIn(ca, address?.hostname ?? target);
    const project = address ? undefined : target;
    const credentials: Credentials = { project, token, tokenInClear, trust };
    let find: Finder;
    if (address) find = atAddress(address, credentials, onWarning);
    else {
      const { catalogs = [], localCatalogPort = CATALOG_PORT } = options;
      const resolver = new Resolver({ catalogs, localPort: localCatalogPort ?? undefined });
      find = firstAt(options.at, credentials, byName(resolver, target, credentials, onWarning));
    }
    const what = address ? target : `the server '${target}'`;
    const client = new HtClient(find, what, timeoutMs, options);
    await client.#queue.open();
    return client;
  }

  /** How many connections it has made so far: one more whenever the server was found again. */
  get connections(): number {
    return this.#queue.connections;
  }

  /** Where the server is, or was when the connection broke. */
  get address(): Address {
    if (this.#address === undefined) throw new TypeError("connect() sets it");
    return this.#address;
  }

  /**
   * Which table it works with; undefined if the server is of a version that does not say. After a
   * broken connection it goes on with no other one.
   */
  get table(): TableIdentity | undefined {
    return this.#table;
  }

  /** Goes on with whatever table the next connection finds: an answer to a `DifferentTableError`. */
  forgetTable(): void {
    this.#table = undefined;
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
    if (!isJson(value)) return Promise.reject(notJson("insert", key, value));
    return this.#insertLine(key, value.trim());
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

  /**
   * As `query`, with the member's value given as JSON text, and the values as they were sent.
   *
   * @throws {TypeError} if `subvalue` is not JSON: nothing is sent
   */
  async queryText(subkey: string, subvalue: JsonText): Promise<[string, JsonText][]> {
    if (!isJson(subvalue)) throw notJson("query", subkey, subvalue);
    return pairsOf((await this.request({ method: "query", subkey, subvalue })).result);
  }

  /**
   * As `scanText`, but in parts, for tables of any size: a key that is there during the whole time
   * comes exactly once. Each part is a call with a limit of its own.
   *
   * @param pairs at most in one part (default 1,000)
   * @throws {ConnectionLostError} if the connection breaks before the last part came
   */
  async *scanAll(regex: string, pairs: number = PART_PAIRS): AsyncGenerator<[string, JsonText]> {
    let cursor: string | undefined;
    let connections = 0;
    do {
      // Another connection may have a cursor of the same name, which is somewhere else.
      if (cursor !== undefined && connections !== this.connections) {
        throw new ConnectionLostError("The connection broke, and the scan's cursor with it", false);
      }
      const reply = await this.request({ method: "scan", regex, limit: pairs, cursor });
      connections = this.connections;
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
   * Sends any request and gives the reply as text. The promise is settled within `timeoutMs`.
   *
   * @throws {ReplyError} where the server answered `ERROR`
   * @throws {ConnectionLostError} where the connection broke and the request may not be repeated, or
   *   broke each time, or the server was silent until the limit
   * @throws {ServerNotFoundError} where the server was not found until the limit
   * @throws {TimeoutError} where the server replied to others, but not to this request in time
   */
  request(members: RequestMembers): Promise<SuccessReply> {
    return this.#queue.send(encodeRequest(members), repeatOf(members));
  }

  /** Closes the connection; requests without a reply fail. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  async #insertLine(key: string, value: JsonText): Promise<void> {
    await this.request({ method: "insert", key, value });
  }
}

/** Whether a text is one JSON value: anything else would be other members of the request, or another request. */
function isJson(text: string): boolean {
  const { bytes, end } = spanOf(text);
  const valueEnd = skipValue(bytes, skipWhite(bytes, 0, end), end);
  return valueEnd >= 0 && skipWhite(bytes, valueEnd, end) === end;
}

function notJson(tried: "insert" | "query", name: string, text: string): TypeError {
  return new TypeError(
    `Cannot ${tried} ${quoted(name)}: the value must be JSON, not ${quoted(text)}`,
  );
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
