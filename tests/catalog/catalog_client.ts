/** Catalogs on this machine, and their plain client: sends updates by UDP, and waits for listings. */
import assert from "assert";
import { sleep } from "../../lib/base/clock.ts";
import { silentLog } from "../../lib/base/log.ts";
import {
  CatalogServer,
  type CatalogServerOptions,
} from "../../lib/catalog/server/catalog_server.ts";
import { PATIENCE_MS } from "../../bench/harness/program.ts";

/** Starts a catalog on a free port of the loopback, without updates by TCP. */
export function startCatalogServer(options: Partial<CatalogServerOptions> = {}): CatalogServer {
  return new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log: silentLog,
    tcpUpdates: false,
    ...options,
  });
}

/** Finds a port of the loopback that is free for TCP and UDP, for the local catalog of one test. */
export function freePort(): number {
  for (let tries = 1;; tries++) {
    using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = tcp.addr;
    try {
      Deno.listenDatagram({ transport: "udp", hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || tries === 10) throw error;
    }
  }
}

/** Makes the end of a test stop what it started. */
export function stopAtEnd<T extends { stop(): Promise<void> }>(one: T): T & AsyncDisposable {
  return Object.assign(one, { [Symbol.asyncDispose]: () => one.stop() });
}

/** The members of a record. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * Sends each update in a datagram of its own.
 *
 * @param updates bytes, or text, or an object to send as JSON
 * @param from address to send from
 */
export async function sendUpdates(
  port: number,
  updates: readonly (object | string | Uint8Array)[],
  from = "127.0.0.1",
): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: from, port: 0 });
  try {
    for (const update of updates) {
      const text = typeof update === "string" ? update : JSON.stringify(update);
      const bytes = update instanceof Uint8Array ? update : new TextEncoder().encode(text);
      await socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port });
    }
  } finally {
    socket.close();
  }
}

/** Reads the listing of a catalog. */
export async function readListing(port: number): Promise<Members[]> {
  const response = await fetch(`http://127.0.0.1:${port}/query.json`);
  return await response.json();
}

/** Waits until a catalog lists a number of wanted records: a received datagram has no event. */
export async function untilListed(
  port: number,
  count: number,
  isWanted: (record: Members) => boolean = () => true,
): Promise<Members[]> {
  for (const endMs = performance.now() + PATIENCE_MS;; await sleep(10)) {
    const records = await readListing(port);
    const wanted = records.filter(isWanted);
    if (wanted.length === count) return wanted;
    assert.ok(performance.now() < endMs, `${wanted.length} records, not ${count}`);
  }
}
