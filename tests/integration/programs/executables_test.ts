/** Tests the built executables as users run them: version, usage, a server, a measurement, signals. */
import assert from "assert";
import { ALONE } from "../../../bench/harness/program.ts";
import { VERSION } from "../../../lib/base/version.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { testWith } from "../../helpers/needs.ts";
import { REDIS, startRedis } from "../../helpers/redis_cluster.ts";
import { CACHE_HOME, executables } from "./executables.ts";
import { IsolatedProcess, run, success } from "./isolated_process.ts";
import { runFlagsOf, unpackedNames } from "./portable_file.ts";

const SERVER_ARGS = ["t", ...ALONE];
const SCANNED = '{"status":"OK","result":[["k",1.0]]}\n';
const CATALOG_ARGS = ["--host", "127.0.0.1", "--port", "0"];

const built = await executables();
const HTSERVER = built.path("htserver");

/** Sends one request to a server of this machine, and returns its reply. */
async function ask(port: number, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request + "\n"));
  const reply = new Uint8Array(10_000);
  const bytes = await connection.read(reply);
  return new TextDecoder().decode(reply.subarray(0, bytes ?? 0));
}

for (const { name } of PROGRAMS) {
  Deno.test(`${name} prints its version and its help`, async () => {
    const version = await run(built.path(name), ["--version"]);
    assert.deepEqual(version, success(`${name} ${VERSION}\n`));
    const help = await run(built.path(name), ["--help"]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, new RegExp(`^Usage: ${name} [^]*Examples:`));
  });

  Deno.test(`${name} reports wrong usage with exit code 2 and one message`, async () => {
    const { code, stdout, stderr } = await run(built.path(name), ["--no-such-flag"]);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^\w+: [^\n]+\n$/);
  });

  Deno.test(`${name} has permission for the environment variables in its code`, async () => {
    await run(built.path(name), ["--version"]); // unpacks
    const { program } = await unpackedNames(built.path(name));
    const code = await Deno.readTextFile(`${CACHE_HOME}/htserver/${program}`);
    const granted = (await runFlagsOf(built.path(name))).find((flag) =>
      flag.startsWith("--allow-env=")
    );
    for (const [call] of code.matchAll(/\b(environment|Deno\.env\.get)\([^()]*\)/g)) {
      for (const [, variable] of call.matchAll(/"(\w+)"/g)) {
        assert.match(granted ?? "", new RegExp(`[=,]${variable}(,|$)`));
      }
    }
  });
}

Deno.test("htserver is the process that was started, and replies over TCP", async () => {
  await using server = new IsolatedProcess(HTSERVER, SERVER_ARGS);
  const port = await server.port();
  const insert = '{"method":"insert","key":"k","value":{"a":1.0}}';
  assert.equal(await ask(port, insert), '{"status":"OK","result":null}\n');
  const lookup = '{"method":"lookup","key":"k"}';
  assert.equal(await ask(port, lookup), '{"status":"OK","result":{"a":1.0}}\n');
  assert.match(await ask(port, '{"method":"info"}'), new RegExp(`"pid":${server.pid}\\b`));
});

testWith(REDIS, "htserver contains the parts for a shared store", async () => {
  await using redis = await startRedis({ password: "store-secret" });
  const flags = ["t", "--store", `redis://${redis.name}`, ...ALONE.filter((f) => f !== "--memory")];
  const env = { HTSERVER_STORE_PASSWORD: "store-secret" };
  await using server = new IsolatedProcess(HTSERVER, flags, { env });
  const port = await server.port();
  const insert = '{"method":"insert","key":"k","value":1.0}';
  assert.equal(await ask(port, insert), '{"status":"OK","result":null}\n');
  assert.equal(await ask(port, '{"method":"scan","regex":""}'), SCANNED);
  const [wrong, usage] = await Promise.all([
    run(HTSERVER, flags), // without the password
    run(HTSERVER, [...flags, "--memory"]),
  ]);
  assert.deepEqual([wrong.code, usage.code], [1, 2]);
  for (const { stderr } of [wrong, usage]) assert.match(stderr, /^htserver: [^\n]+\n$/);
});

Deno.test("testperf starts copies of itself at any path without a comma", async () => {
  await using server = new IsolatedProcess(HTSERVER, SERVER_ARGS);
  const target = `127.0.0.1:${await server.port()}`;
  const flags = ["--clients", "3", "--processes", "3", "--ops", "20", "--operations", "insert"];
  const result = /^insert: 60 ops .* \(sum of 3 clients\)$/m;
  const usual = await run(built.path("testperf"), [target, ...flags]);
  assert.equal(usual.code, 0, usual.stderr);
  assert.match(usual.stdout, result);
  await using folder = await TempFolder.make("ht test ");
  await Deno.symlink(built.path("testperf"), `${folder.path}/a perf`);
  // A relative path, and a variable that keeps Deno from starting other programs.
  const elsewhere = await run("./a perf", [target, ...flags], {
    cwd: folder.path,
    env: { LD_LIBRARY_PATH: "/nowhere" },
  });
  assert.equal(elsewhere.code, 0, elsewhere.stderr);
  assert.match(elsewhere.stdout, result);
  // Deno would read two paths from a path with a comma.
  await Deno.mkdir(`${folder.path}/a,b`);
  await Deno.symlink(built.path("testperf"), `${folder.path}/a,b/perf`);
  const comma = await run(`${folder.path}/a,b/perf`, [target, ...flags]);
  assert.deepEqual([comma.code, comma.stdout], [1, ""]);
  assert.match(comma.stderr, /^testperf: [^\n]*comma[^\n]*\n$/);
});

Deno.test("testperf contains its drawing libraries, and writes plots and CSV", async () => {
  await using folder = await TempFolder.make("ht test ");
  await using server = new IsolatedProcess(HTSERVER, SERVER_ARGS);
  const target = `127.0.0.1:${await server.port()}`;
  for (const format of ["svg", "png"]) {
    const flags = ["--ops", "20", "--csv", `${folder.path}/raw.csv`, "--plot"];
    const args = [target, ...flags, `${folder.path}/latency.${format}`];
    const { code, stderr } = await run(built.path("testperf"), args);
    assert.equal(code, 0, stderr);
  }
  assert.match(await Deno.readTextFile(`${folder.path}/latency.svg`), /^<svg .*Latency with /s);
  const png = await Deno.readFile(`${folder.path}/latency.png`);
  assert.equal(new TextDecoder("latin1").decode(png.subarray(1, 4)), "PNG");
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted();
  assert.deepEqual(names, ["latency.png", "latency.svg", "raw.csv"]);
});

for (const [name, args] of [["htserver", SERVER_ARGS], ["htcatalog", CATALOG_ARGS]] as const) {
  Deno.test(`${name} writes its port file`, async () => {
    await using folder = await TempFolder.make("ht test ");
    const file = `${folder.path}/port`;
    await using process = new IsolatedProcess(built.path(name), [...args, "--port-file", file]);
    const port = await process.port();
    assert.equal(await Deno.readTextFile(file), `${port}\n`);
    await ask(port, "GET / HTTP/1.0\r\n\r\n"); // both reply, each in its own way
    process.kill("SIGTERM");
    assert.equal((await process.end()).code, 0);
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`htserver ends with exit code 0 on ${signal}`, async () => {
    await using server = new IsolatedProcess(HTSERVER, SERVER_ARGS);
    await ask(await server.port(), '{"method":"ping"}');
    server.kill(signal);
    assert.equal((await server.end()).code, 0); // `end` kills a process that hangs
  });
}

Deno.test("only htserver has the flags of V8 that limit its garbage", async () => {
  for (const { name } of PROGRAMS) {
    const flags = await runFlagsOf(built.path(name));
    const hasFlags = flags.some((flag) => flag.startsWith("--v8-flags="));
    assert.equal(hasFlags, name === "htserver", name);
  }
});
