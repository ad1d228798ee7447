/** Proves the addresses on which a server listens, and the errors if it cannot. */
import assert from "assert";
import { listen, listeningAt } from "../../lib/server/listener.ts";

Deno.test("listen: any free port, and an error for a port in use", () => {
  using listener = listen({ host: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.ok(port > 0);
  const cases = [
    [{ host: "127.0.0.1", port }, /another program uses it/],
    [{ host: "192.0.2.7", port: 0 }, /--host must be an address of this machine/],
    [{ host: "127.0.0.1", port: 0, tls: { cert: "x", key: "x" } }, /No certificates found/],
  ] as const;
  for (const [options, message] of cases) {
    assert.throws(() => listen(options), { name: "ExitError", message });
  }
});

/** Whether a program accepts connections there. */
async function accepts(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch {
    return false;
  }
}

/** Whether this system has sockets for both families. */
function hasDualSockets(): boolean {
  try {
    using listener = Deno.listen({ hostname: "::", port: 0 });
    Deno.listen({ hostname: "0.0.0.0", port: listener.addr.port }).close();
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse;
  }
  return false;
}

Deno.test("fault: announced where it does not listen: by default it listens on both families, at one port", async () => {
  using listener = listen({ port: 0 });
  const { port, isV4, isV6 } = listeningAt(listener);
  assert.deepEqual([isV4, isV6], [await accepts("127.0.0.1", port), await accepts("::1", port)]);
  assert.ok(isV4);
  assert.equal(isV6, hasDualSockets());
  assert.throws(() => listen({ port }), /^ExitError: Cannot listen on port \d+: another program/);
});

Deno.test("listen: --host restricts the address, and the result has the address", () => {
  const places = [
    ["127.0.0.1", { hostname: "127.0.0.1", isV4: true, isV6: false }],
    ["0.0.0.0", { hostname: "0.0.0.0", isV4: true, isV6: false }],
    ["::1", { hostname: "::1", isV4: false, isV6: true }],
  ] as const;
  for (const [host, expected] of places) {
    using listener = listen({ host, port: 0 });
    const { hostname, isV4, isV6 } = listeningAt(listener);
    assert.deepEqual({ hostname, isV4, isV6 }, expected);
  }
  using named = listen({ host: "localhost", port: 0 });
  assert.match(listeningAt(named).hostname, /^(127\.0\.0\.1|::1)$/);
});
