/** A server in the process of the test. */
import { silentLog } from "../../lib/base/log.ts";
import { limitsFrom } from "../../lib/config/limit_flags.ts";
import { localEngine } from "../../lib/engine/local_engine.ts";
import { HtServer, type HtServerOptions } from "../../lib/server/server.ts";
import { memoryStorage, type TableWithStorage } from "../../lib/storage/storage.ts";
import { HashTable } from "../../lib/table/hash_table.ts";

/** Memory of the machine, from which limits are computed. */
const MEMORY_BYTES = 8e9;

/** A server and its address; the end of the test stops it. */
export interface TestServer extends AsyncDisposable {
  readonly server: HtServer;
  readonly port: number;
  /** HOST:PORT. */
  readonly target: string;
}

/**
 * Starts a server on a free port of the loopback.
 *
 * @param changes changed options (default: none)
 * @param tableWithStorage its table (default: an empty table in memory)
 * @param token the token that clients must send (default: none)
 */
export function startServer(
  changes?: Partial<HtServerOptions>,
  token?: string,
  tableWithStorage: TableWithStorage = { table: new HashTable(), storage: memoryStorage() },
): TestServer {
  const options = {
    project: "test-a4",
    owner: "tester",
    host: "127.0.0.1",
    port: 0,
    catalogIntervalMs: 60_000,
    ...limitsFrom({ maxMemory: 100_000_000 }, MEMORY_BYTES),
    ...changes,
  };
  const server = new HtServer(
    options,
    localEngine(tableWithStorage, options.maxTableBytes),
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
