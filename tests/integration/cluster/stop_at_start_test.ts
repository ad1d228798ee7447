/** Signals to a gateway that still starts, since its store hangs. */
import assert from "assert";
import { spawnGateway } from "./gateways.ts";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`cluster: ${signal} ends a gateway whose store does not answer`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using program = spawnGateway(`redis://127.0.0.1:${listener.addr.port}`);
    using _connection = await listener.accept();
    program.kill(signal);
    // Without an answer, the start itself would fail with exit code 1.
    assert.equal(await program.exitCode(), 0, program.stderr);
    assert.match(program.stderr, new RegExp(`stopping before the start has ended.*${signal}`));
    assert.doesNotMatch(program.stderr, /^htserver: /m);
  });
}
