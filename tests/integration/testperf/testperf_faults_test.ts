/** Proves the results of `testperf` if its server is killed, restarts or loses a connection. */
import assert from "assert";
import { parseTestPerfConfig } from "../../../lib/config/testperf_config.ts";
import { machineClock } from "../../../lib/base/clock.ts";
import { measure } from "../../../lib/perf/measure.ts";
import { ALONE_ON_DISK, fromSource, Program } from "../../../bench/harness/program.ts";
import { startServer } from "../../helpers/server.ts";
import { TcpProxy } from "../../client/tcp_proxy.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { onlyStage, startProgram, startTestperf } from "./testperf_program.ts";

Deno.test("a server that is killed during a stage: the results so far are printed, and the exit code is 1", async () => {
  const [started, target] = await startProgram();
  await using server = started;
  const flags = ["--duration", "0.3", "--timeout", "1", "--clients", "2"];
  await using client = startTestperf(target, ...flags);
  await server.until("stderr", /lookup/);
  server.kill("SIGKILL");
  assert.equal(await client.exitCode(), 1);
  assert.match(
    client.stdout,
    /^insert: \d+ ops in .*\(sum of 2 clients\)\nlookup client 1: .*\n.*\nlookup: \d+ ops/m,
  );
  assert.doesNotMatch(client.stdout, /scan|remove/);
  assert.match(client.stderr, /^lookup: no reply from .* until the stage ended$/m);
  assert.match(client.stderr, /^lookup: ended early, because the server is gone/m);
  assert.match(client.stderr, /^Not run: scan, remove\./m);
  assert.doesNotMatch(client.stderr, /\n\s+at |file:\/\//);
});

Deno.test("a server that is killed and restarts: testperf continues, and reports the gap", async () => {
  await using folder = await TempFolder.make();
  const start = (port: number) =>
    new Program(fromSource(
      ...["server.ts", "again-a4", ...ALONE_ON_DISK, "--data", folder.path, "--debug"] as const,
      ...["--port", String(port)],
    ));
  await using first = start(0);
  const port = await first.port();
  const flags = ["--mix", "lookup=90,insert=10", "--keys", "50", "--ops", "1500"];
  await using client = startTestperf(`127.0.0.1:${port}`, ...flags, "--clients", "2", "--json");
  await first.until("stderr", /lookup/);
  first.kill("SIGKILL");
  await first.exitCode();
  const killedMs = machineClock.unixMs();
  await using second = start(port);
  await second.port();
  const backMs = machineClock.unixMs();
  assert.equal(await client.exitCode(), 0, client.stderr);
  const { sum, complete, ended } = onlyStage(client.stdout);
  assert.deepEqual([sum.ops, sum.errors, complete, ended], [3_000, {}, true, "planned"]);
  const gap = sum.gaps.find(({ connectionLost }) => connectionLost);
  assert.ok(gap?.answered, "the gap is reported");
  assert.ok(gap.fromUnixMs <= killedMs + 50 && gap.toUnixMs >= backMs - 500, client.stdout);
  assert.match(client.stderr, /^mixed: no reply from .* with the connection lost$/m);
});

Deno.test("a server with a name can restart on another port, and the catalog can end after that", async () => {
  await using folder = await TempFolder.make();
  await using catalog = new Program(
    fromSource("catalog.ts", "--host", "127.0.0.1", "--port", "0"),
  );
  const finding = ["--catalog", `127.0.0.1:${await catalog.port()}`, "--local-catalog", "off"];
  const server = ["named-a4", "--host", "127.0.0.1", "--data", folder.path, "--debug"];
  const start = () => new Program(fromSource("server.ts", ...server, ...finding));
  await using first = start();
  const port = await first.port();
  // One client: a second one could still search for the server when the catalog ends.
  const flags = ["--mix", "lookup=90,insert=10", "--keys", "50", "--ops", "4500"];
  await using client = startTestperf("named-a4", ...finding, ...flags);
  await first.until("stderr", /lookup/);
  first.kill("SIGKILL");
  await first.exitCode();
  // The old port is taken, so the client has to find the new one.
  using _taken = Deno.listen({ hostname: "127.0.0.1", port });
  await using second = start();
  await second.until("stderr", /lookup/);
  catalog.kill("SIGKILL");
  assert.equal(await client.exitCode(), 0, client.stderr);
  assert.match(client.stdout, /^mixed: 4500 ops in /m);
  assert.match(client.stderr, /^mixed: no reply from .* with the connection lost$/m);
});

Deno.test("a connection that is lost during removes: they are sent again, and counted", async () => {
  await using server = startServer();
  const ops = 50, inFlight = 4;
  // hello, then three stages; the reply to the tenth remove and all later ones are lost.
  const tenth = 1 + 3 * ops + 10;
  let isBroken = false;
  await using proxy = new TcpProxy(server.port, {
    onRequests: (count) => {
      if (isBroken || count < tenth) return;
      isBroken = true;
      proxy.mute();
      setTimeout(() => proxy.breakAll(), 50);
    },
  });
  const flags = ["--ops", String(ops), "--pipeline", String(inFlight), "--quiet"];
  const config = parseTestPerfConfig([proxy.target, ...flags], {});
  const { data, notes, isGood } = await measure(config, {}, { note: assert.fail });
  assert.ok(isGood, notes.join("\n"));
  assert.ok(data.format === "testperf run");
  const remove = data.stages.at(-1);
  assert.ok(remove);
  const { ops: done, errors, unknown, removedBefore = 0, gaps } = remove.sum;
  assert.deepEqual([done, errors, unknown], [ops, {}, 0]);
  assert.ok(removedBefore >= 1 && removedBefore <= inFlight, `${removedBefore} of them before`);
  assert.ok(gaps.some(({ connectionLost, answered }) => connectionLost && answered));
  assert.match(notes.join("\n"), /^remove: \d removes? found no key when sent again/m);
});
