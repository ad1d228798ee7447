/**
 * A client that sends request lines, and passes replies to functions. `HtClient` puts methods and
 * promises on top of it; a load generator has no time for either.
 */
import { type Address, parseAddress } from "../base/address.ts";
import { CATALOG_PORT } from "../catalog/catalog_hosts.ts";
import { Resolver } from "../catalog/resolve/resolver.ts";
import { isFailure, type SuccessReply } from "../protocol/decode_reply.ts";
import { encodeRequest, type RequestMembers } from "../protocol/encode_request.ts";
import type { ClientOptions } from "./client_options.ts";
import type { ConnectTcp } from "./client_socket.ts";
import { trustIn } from "./dial.ts";
import { errorFrom } from "./errors.ts";
import { type Finder, finderAtAddress, finderByName, finderFirstAt } from "./finder.ts";
import type { Credentials } from "./handshake.ts";
import type { Call } from "./pending_calls.ts";
import { RequestQueue } from "./request_queue.ts";
import { retryPolicy } from "./retry.ts";
import { newestTable, type TableIdentity } from "./server_identity.ts";

/** A client of one server. */
export class LineClient {
  readonly #queue: RequestQueue;
  #address: Address | undefined;
  #servers: readonly Address[] = [];
  #table: TableIdentity | undefined;

  private constructor(find: Finder, target: string, timeoutMs: number, options: ClientOptions) {
    this.#table = options.table;
    const connect = async (signal: AbortSignal) => {
      const known = options.acceptOtherTable ? undefined : this.#table;
      const { address, servers, table, connection } = await find(signal, known);
      this.#address = address;
      this.#servers = servers;
      this.#table = newestTable(this.#table, table);
      return connection;
    };
    this.#queue = new RequestQueue(connect, target, timeoutMs);
  }

  /**
   * Finds a server and connects to it, as `HtClient.connect` does.
   *
   * @param connectTcp opens connections (default: by the sockets of this runtime)
   */
  static async connect(
    target: string,
    options: ClientOptions,
    connectTcp?: ConnectTcp,
  ): Promise<LineClient> {
    const { token, tokenInClear = false, ca, agent } = options;
    const { timeoutMs = 60_000, onWarning = () => {} } = options;
    if (!(timeoutMs > 0)) throw new TypeError(`timeoutMs must be above 0, not ${timeoutMs}`);
    const address = parseAddress(target);
    const trust = ca === undefined ? undefined : trustIn(ca, address?.hostname ?? target);
    const project = address ? undefined : target;
    const credentials: Credentials = { project, token, tokenInClear, trust, connectTcp, agent };
    let find: Finder;
    if (address) find = finderAtAddress(address, credentials, onWarning);
    else {
      const { catalogs = [], localCatalogPort = CATALOG_PORT } = options;
      const resolver = new Resolver({ catalogs, localPort: localCatalogPort ?? undefined });
      const byName = finderByName(resolver, target, credentials, onWarning);
      find = finderFirstAt(addressesOf(options.at), credentials, byName);
    }
    const what = address ? target : `the server '${target}'`;
    const client = new LineClient(find, what, timeoutMs, options);
    await client.#queue.open();
    return client;
  }

  /** See `HtClient.connections`. */
  get connections(): number {
    return this.#queue.connections;
  }

  /** See `HtClient.address`. */
  get address(): Address {
    if (this.#address === undefined) throw new TypeError("connect() sets it");
    return this.#address;
  }

  /** See `HtClient.servers`. */
  get servers(): readonly Address[] {
    return this.#servers;
  }

  /** See `HtClient.table`. */
  get table(): TableIdentity | undefined {
    return this.#table;
  }

  /** See `HtClient.forgetTable`. */
  forgetTable(): void {
    this.#table = undefined;
  }

  /** Sends a call. One of its functions is called later, within the limit of a call. */
  send(call: Call): void {
    this.#queue.send(call);
  }

  /** See `HtClient.request`. */
  request(members: RequestMembers): Promise<SuccessReply> {
    return new Promise((resolve, reject) =>
      this.#queue.send({
        line: encodeRequest(members),
        retry: retryPolicy(members),
        startedMs: performance.now(),
        onReply: (reply) => isFailure(reply) ? reject(errorFrom(reply)) : resolve(reply),
        onError: reject,
        wasSent: false,
        wasSentBefore: false,
        readsBefore: 0,
      })
    );
  }

  /** Closes the connection; calls without a reply fail. */
  close(): Promise<void> {
    return this.#queue.close();
  }
}

function addressesOf(at: ClientOptions["at"]): readonly Address[] {
  if (at === undefined) return [];
  return "hostname" in at ? [at] : at;
}
