/** The load generator in C against servers with right and wrong replies. */
import assert from "assert";
import { Generator, type Target } from "../../bench/load/generator.ts";
import { startServer } from "../helpers/server.ts";
import { TempFolder } from "../helpers/folders.ts";
import { testWith } from "../helpers/needs.ts";

const LOAD = { inFlight: 4, inserts: 20, keys: 100, warmUpS: 0.05, durationS: 0.1 } as const;

testWith(["cc"], "the load generator fills a table, loads it, and checks the replies", async () => {
  await using folder = await TempFolder.make();
  const generator = await Generator.compile(folder.path, AbortSignal.timeout(60_000));
  await using server = startServer();
  const target: Target = { name: "htserver", protocol: "json", port: server.port, pid: Deno.pid };

  await assert.rejects(generator.run(target, { ...LOAD, inserts: 0, connections: 1 }), /KeyError/);

  await generator.preload(target, LOAD.keys);
  assert.equal(server.server.info.catalogFacts().size, LOAD.keys);

  const result = await generator.run(target, { ...LOAD, connections: 5, idle: 120 });
  assert(result.perSecond > 0);
  assert(result.p50Us > 0 && result.p50Us <= result.p99Us && result.p99Us <= result.p999Us);
  assert(result.serverCpu > 0 && result.serverResidentBytes > 0);

  await using endless = await generator.start(target, { ...LOAD, connections: 2, durationS: 60 });
  const { seconds } = await endless.end();
  assert(seconds < 30);

  // The server replies once to a first line that is no request, and closes the connection.
  await assert.rejects(
    generator.run({ ...target, protocol: "resp" }, { ...LOAD, connections: 1 }),
    /the server closed a connection/,
  );
});
