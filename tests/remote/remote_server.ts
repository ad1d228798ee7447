/** A server whose table is in a store. */
import { silentLog } from "../../lib/base/log.ts";
import type { Log } from "../../lib/base/log.ts";
import { limitsFrom } from "../../lib/config/limit_flags.ts";
import { remoteEngine } from "../../lib/remote/remote_engine.ts";
import { TableSize } from "../../lib/remote/table_size.ts";
import { HtServer, type HtServerOptions } from "../../lib/server/server.ts";
import { BucketKeys } from "../../lib/store/bucket_keys.ts";
import type { Store } from "../../lib/store/store.ts";
import type { TestServer } from "../helpers/server.ts";

const MEMORY_BYTES = 8e9;

/** The name of the table. */
export const NAME = "test-a4";

/** Starts a server on a free port of the loopback; see `startServer`. */
export function startRemoteServer(
  store: Store,
  changes?: Partial<HtServerOptions>,
  token?: string,
  log: Log = silentLog,
): TestServer {
  const options = {
    project: NAME,
    owner: "tester",
    host: "127.0.0.1",
    port: 0,
    catalogIntervalMs: 60_000,
    ...limitsFrom({ maxMemory: 100_000_000 }, MEMORY_BYTES),
    ...changes,
  };
  const keys = new BucketKeys(NAME);
  const size = new TableSize(store, keys);
  const tableId = "5c1f8e0e-61a9-4a0a-9a43-3f7f2f0a4a11";
  const seed = crypto.getRandomValues(new Int32Array(2));
  const server = new HtServer(
    options,
    remoteEngine({ store, keys, size, tableId, seed }),
    token,
    log,
  );
  return {
    server,
    port: server.port,
    target: `127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server.stop();
      size.close();
    },
  };
}
