/** A server inside the test's own process. */
import { silentLog } from "../../lib/base/log.ts";
import { HtServer, type HtServerOptions } from "../../lib/ht_server.ts";

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
 * @param token what clients must show (default: nothing)
 */
export function startServer(changes?: Partial<HtServerOptions>, token?: string): TestServer {
  const server = new HtServer(
    {
      project: "test-a4",
      owner: "tester",
      host: "127.0.0.1",
      port: 0,
      maxClients: 1_000,
      maxRequestBytes: 16 * 1024 * 1024,
      maxReplyBytes: 64 * 1024 * 1024,
      maxOutputBytes: 1_000_000,
      maxTableBytes: 100_000_000,
      catalogIntervalMs: 60_000,
      ...changes,
    },
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
