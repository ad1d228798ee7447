/** Proves that the acceptor closes a connection that it accepts while it stops. */
import assert from "assert";
import { Acceptor } from "../../lib/server/acceptor.ts";
import { silentLog } from "../../lib/base/log.ts";
import { limitsFrom } from "../../lib/config/limit_flags.ts";
import { neverYields } from "../engine/command_context.ts";
import type { ClientConn, ClientListener } from "../../lib/server/listener.ts";

Deno.test("acceptor: a connection that is accepted during the stop is closed", async () => {
  let accepted = (_: ClientConn) => {};
  let closed = 0;
  const end = Promise.withResolvers<null>();
  const address = { hostname: "127.0.0.1", port: 1, transport: "tcp" };
  const connection = {
    remoteAddr: address,
    localAddr: address,
    read: () => end.promise,
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    close: () => {
      closed++;
      end.resolve(null);
    },
  } as unknown as ClientConn;
  const listener = {
    accept: () => new Promise<ClientConn>((resolve) => (accepted = resolve)),
    close: () => {},
  } as unknown as ClientListener;
  const acceptor = new Acceptor(listener, {
    attach: () => () => undefined,
    limits: limitsFrom({}, 8e9),
    requiresToken: false,
    yielder: neverYields,
    log: silentLog,
    onDisconnect: () => {},
  });
  const running = acceptor.run();
  accepted(connection);
  await acceptor.stop();
  await running;
  assert.deepEqual({ clients: acceptor.clients, closed }, { clients: 0, closed: 1 });
});
