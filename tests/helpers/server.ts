/** A server inside the test's own process. */
import { silentLog } from "../../lib/base/log.ts";
import { limitsFrom } from "../../lib/config/limit_flags.ts";
import { HtServer, type HtServerOptions } from "../../lib/server/server.ts";
import { memoryStorage, type TableWithStorage } from "../../lib/storage/storage.ts";
import { HashTable } from "../../lib/table/hash_table.ts";

/** Of the machine, as far as limits depend on it. */
const MEMORY_BYTES = 8e9;

/** A server and where it is; stopped at the end of the test. */
export interface TestServer extends AsyncDisposable {
  readonly server: HtServer;
  readonly port: number;
  /** HOST:PORT. */
  readonly target: string;
}

/**
 * Starts a server on a free port of the loopback.
 *
 * @param changes to the usual options (default: none)
 * @param kept its table and what keeps it (default: an empty one in memory)
 * @param token what clients must show (default: nothing)
 */
export function startServer(
  changes?: Partial<HtServerOptions>,
  token?: string,
  kept: TableWithStorage = { table: new HashTable(), storage: memoryStorage() },
): TestServer {
  const server = new HtServer(
    {
      project: "test-a4",
      owner: "tester",
      host: "127.0.0.1",
      port: 0,
      catalogIntervalMs: 60_000,
      ...limitsFrom({ maxMemory: 100_000_000 }, MEMORY_BYTES),
      ...changes,
    },
    kept,
    token,
    silentLog,
  );
  return {
    server,
    port: server.port,
    target: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
