import assert from "assert";
import { namespaceNames, TwoHosts, TwoHostsError } from "../../bench/harness/hosts.ts";
import { TempFolder } from "../helpers/folders.ts";
import { testWithHosts } from "../helpers/needs.ts";
import { descendants, gone } from "./report/processes.ts";
import { fromSource, Program, run } from "../../bench/harness/program.ts";

Deno.test("each run has other names for its namespaces", () => {
  const names = Array.from({ length: 100 }, () => Object.values(namespaceNames())).flat();
  assert.equal(new Set(names).size, names.length);
  // Linux makes a file with each name.
  for (const name of names) assert.match(name, /^[a-z0-9-]{1,40}$/);
});

await testWithHosts(
  "each host reaches the others by their addresses, and has a loopback of its own",
  async () => {
    await using hosts = await TwoHosts.make();
    const { server, clients, catalog } = hosts;
    const listen = `const listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
    console.log(listener.addr.port);
    for await (const one of listener) { await one.write(new Uint8Array([one.remoteAddr.hostname.length])); one.close(); }`;
    await using listening = new Program(server.command([Deno.execPath(), "eval", listen]));
    const [port] = await listening.until("stdout", /^\d+$/m);
    const connect = (hostname: string) => [
      ...[Deno.execPath(), "eval"],
      `await Deno.connect({ hostname: ${JSON.stringify(hostname)}, port: ${port} })`,
    ];
    for (const other of [clients, catalog]) {
      assert.equal((await run(other.command(connect(server.address)))).code, 0);
    }
    assert.notEqual((await run(clients.command(connect("127.0.0.1")))).code, 0);
  },
);

await testWithHosts(
  "namespaces are deleted, also if one could not be made",
  async () => {
    const names = namespaceNames();
    {
      await using _hosts = await TwoHosts.make(names);
      assert.deepEqual(await listed(names), Object.values(names).toSorted());
      // A second run with the same names fails, and deletes them.
      await assert.rejects(TwoHosts.make(names), TwoHostsError);
    }
    assert.deepEqual(await listed(names), []);
  },
);

await testWithHosts(
  "an interrupted bench on two hosts leaves neither processes nor hosts",
  async () => {
    await using folder = await TempFolder.make();
    await using bench = new Program(
      fromSource(
        "tests/bench/tiny_bench.ts",
        `${folder.path}/out`,
        "2",
        "200",
        "two-hosts-memory",
      ),
    );
    await bench.until("stdout", /sweep "two-hosts-memory"/);
    // Catalog, server, testperf, and the other process of testperf.
    const started = await descendants(bench.pid, 4);
    const places = await Promise.all(
      started.map(({ pid }) => run(["ip", "netns", "identify", String(pid)])),
    );
    const names = Object.fromEntries(places.map(({ stdout }) => [stdout.trim(), stdout.trim()]));
    assert.equal(Object.keys(names).length, 3, "each host has its programs");
    bench.kill("SIGINT");
    assert.equal(await bench.exitCode(), 1, bench.stderr);
    await gone(started);
    assert.deepEqual(await listed(names), []);
  },
);

/** The namespaces with these names that exist. */
async function listed(names: Record<string, string>): Promise<string[]> {
  const { stdout } = await run(["ip", "netns", "list"]);
  const there = stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
  return there.filter((name) => Object.values(names).includes(name)).toSorted();
}
