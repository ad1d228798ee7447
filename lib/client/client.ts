/**
 * A typed client of one server: `insert`, `lookup` and the other requests as methods.
 *
 * Calls need not wait for earlier ones; the server executes them in their order. If the connection
 * breaks, the client reconnects and retries every request that is safe to retry, in their order
 * (`request_queue.ts`).
 */
import type { Address } from "../base/address.ts";
import type { SuccessReply } from "../protocol/decode_reply.ts";
import type { RequestMembers } from "../protocol/encode_request.ts";
import type { JsonText } from "../protocol/message.ts";
import type { ClientOptions } from "./client_options.ts";
import { ConnectionLostError } from "./errors.ts";
import { isJson, jsonTextOf, notJsonError, pairsOf, parseValues } from "./json_text.ts";
import { LineClient } from "./line_client.ts";
import type { TableIdentity } from "./server_identity.ts";

/** A value that `query` compares with: a string, number, boolean or null. */
export type Atom = string | number | boolean | null;

/** Pairs in one part of `scanAll`. */
const PART_PAIRS = 1_000;

/** A client of one server. */
export class HtClient {
  readonly #client: LineClient;

  private constructor(client: LineClient) {
    this.#client = client;
  }

  /**
   * Finds a server and connects to it.
   *
   * @param target the server's name in the catalogs, or HOST:PORT
   * @param options how to reach it (default: plain TCP, and only this machine's catalog)
   * @returns a connected client
   * @throws {ServerNotFoundError} if no server is found, or none replies in time
   * @throws {AuthError} if the server needs a token, another token, or one that may not be sent to it
   * @throws {TlsError} if the server's certificate is not trusted, or only one side uses TLS
   * @throws {DifferentTableError} if the server does not have `options.table`
   * @throws {TypeError} if `timeoutMs` is not above 0, or `ca` has no certificate
   */
  static async connect(target: string, options: ClientOptions = {}): Promise<HtClient> {
    return new HtClient(await LineClient.connect(target, options));
  }

  /** Number of connections made so far: one, and one more for each reconnect. */
  get connections(): number {
    return this.#client.connections;
  }

  /** The server's address; after the connection broke, the address of the last connection. */
  get address(): Address {
    return this.#client.address;
  }

  /**
   * Addresses of the servers of its table, as the last search found them: several if they share the
   * table, else only `address`. Several clients of one program spread over them with the option `at`.
   */
  get servers(): readonly Address[] {
    return this.#client.servers;
  }

  /**
   * The table in use; undefined if the server's version does not name it. A reconnect to another table
   * fails, unless `acceptOtherTable` allows it.
   */
  get table(): TableIdentity | undefined {
    return this.#client.table;
  }

  /** Accepts any table at the next connection, so that requests work after a `DifferentTableError`. */
  forgetTable(): void {
    this.#client.forgetTable();
  }

  /**
   * Inserts or replaces a value.
   *
   * @param key any string
   * @param value any value that `JSON.stringify` converts to JSON
   * @throws {TypeError} if the value has no JSON, such as undefined; nothing is sent
   * @throws {HtError} for the reasons of `request`
   */
  async insert(key: string, value: unknown): Promise<void> {
    await this.request({ method: "insert", key, value: jsonTextOf(key, value) });
  }

  /**
   * Inserts or replaces a value given as JSON text. The server stores the text byte for byte, except
   * that line ends become spaces.
   *
   * @param key any string
   * @param value the text of one JSON value
   * @throws {TypeError} if it is not JSON; nothing is sent
   * @throws {HtError} for the reasons of `request`
   */
  async insertText(key: string, value: JsonText): Promise<void> {
    if (!isJson(value)) throw notJsonError("insert", key, value);
    await this.request({ method: "insert", key, value: value.trim() });
  }

  /**
   * Looks up a key.
   *
   * @param key any string
   * @returns its value, parsed by `JSON.parse`
   * @throws {KeyError} if the table does not have the key
   * @throws {HtError} for the reasons of `request`
   */
  async lookup(key: string): Promise<unknown> {
    return JSON.parse(await this.lookupText(key));
  }

  /**
   * Looks up a key.
   *
   * @param key any string
   * @returns the text of its value, byte for byte
   * @throws {KeyError} if the table does not have the key
   * @throws {HtError} for the reasons of `request`
   */
  async lookupText(key: string): Promise<JsonText> {
    return (await this.request({ method: "lookup", key })).result;
  }

  /**
   * Removes a key.
   *
   * @param key any string
   * @returns its value, parsed by `JSON.parse`
   * @throws {KeyError} if the table does not have the key
   * @throws {HtError} for the reasons of `request`
   */
  async remove(key: string): Promise<unknown> {
    return JSON.parse(await this.removeText(key));
  }

  /**
   * Removes a key.
   *
   * @param key any string
   * @returns the text of its value, byte for byte
   * @throws {KeyError} if the table does not have the key
   * @throws {HtError} for the reasons of `request`
   */
  async removeText(key: string): Promise<JsonText> {
    return (await this.request({ method: "remove", key })).result;
  }

  /**
   * Lists the pairs whose key matches, as they are at one moment.
   *
   * @param regex matches anywhere in a key, as Python's `re.search` does, but ASCII only
   * @returns pairs of key and parsed value, in no order
   * @throws {ValueError} if the regex is not valid
   * @throws {TooLargeError} if the reply would be larger than the server's limit: use `scanAll`
   */
  async scan(regex: string): Promise<[string, unknown][]> {
    return parseValues(await this.scanText(regex));
  }

  /**
   * Lists pairs as `scan` does.
   *
   * @param regex as of `scan`
   * @returns pairs of key and value, each value byte for byte
   * @throws {HtError} for the reasons of `scan`
   */
  async scanText(regex: string): Promise<[string, JsonText][]> {
    return pairsOf((await this.request({ method: "scan", regex })).result);
  }

  /**
   * Lists the pairs whose value is an object with a member of that name and value, as they are at one
   * moment.
   *
   * @param subkey the member's name
   * @param subvalue the member's value
   * @returns pairs of key and parsed value, in no order
   * @throws {TooLargeError} if the reply would be larger than the server's limit
   */
  async query(subkey: string, subvalue: Atom): Promise<[string, unknown][]> {
    return parseValues(await this.queryText(subkey, JSON.stringify(subvalue)));
  }

  /**
   * Lists pairs as `query` does, with the member's value given as JSON text.
   *
   * @param subkey the member's name
   * @param subvalue the text of a string, a number, a boolean or null
   * @returns pairs of key and value, each value byte for byte
   * @throws {TypeError} if `subvalue` is not JSON; nothing is sent
   */
  async queryText(subkey: string, subvalue: JsonText): Promise<[string, JsonText][]> {
    if (!isJson(subvalue)) throw notJsonError("query", subkey, subvalue);
    return pairsOf((await this.request({ method: "query", subkey, subvalue })).result);
  }

  /**
   * Lists the pairs whose key matches, in parts, for tables of any size. A key that is in the table
   * during the whole scan is listed exactly once. Each part is a call with its own limit.
   *
   * @param regex as of `scan`
   * @param pairs maximum number of pairs in a part (default: 1,000)
   * @returns pairs of key and value, each value byte for byte
   * @throws {ConnectionLostError} if the connection breaks before the last part
   */
  async *scanAll(regex: string, pairs: number = PART_PAIRS): AsyncGenerator<[string, JsonText]> {
    let cursor: string | undefined;
    let connections = 0;
    do {
      // Another connection may have another cursor of the same name.
      if (cursor !== undefined && connections !== this.connections) {
        throw new ConnectionLostError("The connection broke, which ended the scan's cursor", false);
      }
      const reply = await this.request({ method: "scan", regex, limit: pairs, cursor });
      connections = this.connections;
      yield* pairsOf(reply.result);
      cursor = reply.cursor;
    } while (cursor !== undefined);
  }

  /**
   * Counts the keys.
   *
   * @returns their number
   * @throws {HtError} for the reasons of `request`
   */
  async size(): Promise<number> {
    return Number((await this.request({ method: "size" })).result);
  }

  /**
   * Reads the state of the server.
   *
   * @returns the members of `info`, as the protocol lists them: `uptime_s`, `clients` and others
   * @throws {HtError} as `request`
   */
  async info(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.request({ method: "info" })).result);
  }

  /**
   * Sends a request that has no effect, to check that the server is alive.
   *
   * @throws {HtError} as `request`
   */
  async ping(): Promise<void> {
    await this.request({ method: "ping" });
  }

  /**
   * Sends any request.
   *
   * @param members of the request; `value` and `subvalue` are JSON text
   * @returns the reply, with the result as JSON text
   * @throws {ReplyError} if the server replies with `ERROR`: a class for each type
   * @throws {ConnectionLostError} if the connection broke and the request may not be retried, or every
   *   connection broke, or the server was silent until the limit
   * @throws {ServerNotFoundError} if the server was not found until the limit
   * @throws {TimeoutError} if the server replied to others, but not to this request in time
   */
  request(members: RequestMembers): Promise<SuccessReply> {
    return this.#client.request(members);
  }

  /** Closes the connection; requests without a reply fail. */
  close(): Promise<void> {
    return this.#client.close();
  }
}
