/** TLS servers, catalogs and an eavesdropper for the tests of the client with TLS. */
import assert from "assert";
import { type ClientOptions, TlsError } from "../../mod.ts";
import { sleep } from "../../lib/base/clock.ts";
import { silentLog } from "../../lib/base/log.ts";
import { encodeRecord } from "../../lib/catalog/record/server_record.ts";
import { queryCatalog } from "../../lib/catalog/resolve/query.ts";
import { CatalogServer } from "../../lib/catalog/server/catalog_server.ts";
import type { Certificate } from "../helpers/certificates.ts";
import { startServer, type TestServer } from "../helpers/server.ts";

export const TOKEN = "the-secret-token";
export const IP = "IP:127.0.0.1";

/** Starts a server with TLS. */
export function startTlsServer({ cert, key }: Certificate, token?: string): TestServer {
  return startServer({ tls: { cert, key } }, token);
}

/** For `assert.rejects`: a TLS error with a message that matches. */
export function isTlsError(error: unknown, pattern: RegExp): boolean {
  assert.ok(error instanceof TlsError, String(error));
  assert.match(error.message, pattern);
  return true;
}

/** A server that a catalog lists. */
export interface ListedServer {
  readonly port: number;
  readonly tls?: boolean;
  /** Its addresses besides the one that the catalog sees. */
  readonly addresses?: readonly string[];
}

/** Starts a catalog that lists servers of this machine under one name. */
export async function startCatalog(
  servers: readonly ListedServer[],
  project: string = "test-a4",
): Promise<AsyncDisposable & { readonly options: ClientOptions }> {
  const catalog = new CatalogServer({
    hostname: "127.0.0.1",
    port: 0,
    lifetimeS: 900,
    log: silentLog,
    tcpUpdates: false,
  });
  const at = { hostname: "127.0.0.1", port: catalog.port };
  const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  for (const { addresses, ...server } of servers) {
    const facts = { ...FACTS, ...server, project, instance: `${server.port}` };
    const text = encodeRecord(facts, addresses);
    await socket.send(new TextEncoder().encode(text), { ...at, transport: "udp" });
  }
  socket.close();
  while ((await queryCatalog(at, NEVER)).length < servers.length) await sleep(10);
  return {
    options: { catalogs: [at], localCatalogPort: null },
    [Symbol.asyncDispose]: () => catalog.stop(),
  };
}

const NEVER = new AbortController().signal;

const FACTS = {
  owner: "tester",
  version: "0.1.0",
  lifetimeS: 300,
  startTimeS: 1_700_000_000,
  clients: 0,
  size: 0,
  durability: "none",
  requiresToken: true,
  protocol: 1,
} as const;

/** A server without TLS that sends the same reply to every line, and stores the lines. */
export class Eavesdropper implements AsyncDisposable {
  received = "";
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting: Promise<void>;
  readonly #connections: Promise<void>[] = [];

  constructor() {
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#connections);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.push(this.#listen(connection).catch(() => {}));
    }
  }

  async #listen(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    const reply = '{"status":"ERROR","type":"WrongServer","message":"mine"}\n';
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) return;
        this.received += new TextDecoder("latin1").decode(buffer.subarray(0, count));
        await connection.write(new TextEncoder().encode(reply));
      }
    } finally {
      connection.close();
    }
  }
}
