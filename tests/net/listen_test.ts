/** Proves why a server cannot listen, in a sentence. */
import assert from "assert";
import { ExitError } from "../../lib/base/errors.ts";
import { listen } from "../../lib/net/listen.ts";

Deno.test("listen: any free port, and a sentence where there is none to have", () => {
  using listener = listen({ host: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.ok(port > 0);
  for (
    const [options, message] of [
      [{ host: "127.0.0.1", port }, /another program does/],
      [{ host: "192.0.2.7", port: 0 }, /--host must be an address of this machine/],
      [{ host: "127.0.0.1", port: 0, tls: { cert: "x", key: "x" } }, /No certificates found/],
    ] as const
  ) {
    assert.throws(() => listen(options), (error) => {
      assert.ok(error instanceof ExitError);
      assert.match(error.message, message);
      return true;
    });
  }
});
