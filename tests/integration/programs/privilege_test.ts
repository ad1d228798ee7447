/**
 * What each program may: a probe runs in its place, with its flags and through the header of its
 * executable; and what a program gave up after its start is gone.
 */
import assert from "assert";
import { dropPermissions, UNUSED_PERMISSIONS } from "../../../lib/cli/permissions.ts";
import { PROGRAMS, runtimeFlags } from "../../../tools/build/programs.ts";
import { CACHE_HOME, executables } from "./executables.ts";
import { IsolatedProcess, run } from "./isolated_process.ts";
import { unpackedNames } from "./portable_file.ts";
import { testWith } from "../../helpers/needs.ts";
import { PROBE, type Tried } from "./privilege_probe.ts";
import { ALONE, TOP } from "../../../bench/harness/program.ts";

const built = await executables();

/** What every one of them is denied, whatever the environment holds. */
const DENIED = [
  ...["run sh", "run deno", "run as in Node.js", "run in a worker", "kill", "ffi", "addon"],
  ...["inspector", "environment in /proc", "memory in /proc"],
  ...["hostname", "osRelease", "osUptime", "loadavg", "uid", "gid", "userInfo"],
  ...["import remote", "import npm"],
];

/** What every one of them needs. */
const ALLOWED = ["read", "listen", "connect", "datagrams"];

/** What only some of them need. */
const MAY: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  htserver: { write: true, sys: true, HOME: false, PATH: false, CATALOG_HOST: true, USER: true },
  testperf: { write: true, sys: false, HOME: true, PATH: true, CATALOG_HOST: true, USER: false },
  htclient: { write: false, sys: false, HOME: false, PATH: false, CATALOG_HOST: true, USER: false },
  htcatalog: {
    ...{ write: true, sys: false, HOME: false, PATH: false },
    ...{ CATALOG_HOST: false, USER: false },
  },
};

/** In the environment of each probe. */
const ENVIRONMENT = {
  ...{ HOME: "/nowhere", USER: "someone", CATALOG_HOST: "127.0.0.1" },
  ...{ SECRET: "told", SSH_AUTH_SOCK: "/nowhere" },
};

/** A probe's place: what it may read and write, and a module that it may want to load. */
class Place implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "htserver-privilege-" });
  readonly #remote = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      this.requests++;
      return new Response("", { headers: { "content-type": "text/javascript" } });
    },
  );
  /** For the module. */
  requests = 0;

  constructor() {
    Deno.writeTextFileSync(`${this.path}/probe.mjs`, PROBE);
    Deno.writeTextFileSync(`${this.path}/readable`, "");
  }

  /** Runs a probe, and gives what it tried. */
  async tried(path: string, before: readonly string[], env?: Record<string, string>) {
    const own = [Deno.execPath(), `${this.path}/readable`, `${this.path}/written`];
    const args = [...before, ...own, `http://127.0.0.1:${this.#remote.addr.port}/module.js`];
    const { stdout, stderr } = await run(path, args, { env: { ...ENVIRONMENT, ...env } });
    assert.ok(stdout.startsWith("{"), `the probe ended early: ${stderr}`);
    assert.doesNotMatch(stderr, /Allow\?|requests/); // nobody is asked
    return JSON.parse(stdout) as Tried;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote.shutdown();
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Asserts that a probe in the place of a program could do what that program needs, and no more. */
function assertLeast(name: string, tried: Tried): void {
  const may = MAY[name] ?? {};
  for (const what of DENIED) assert.ok(isDenied(tried[what]), `${what}: ${tried[what]}`);
  for (const what of ["run", "ffi", "env"]) assert.equal(tried[`ask for ${what}`], "denied");
  for (const what of ALLOWED) assert.equal(tried[what], "ok", what);
  assert.equal(tried["write"], may["write"] ? "ok" : "NotCapable");
  for (const what of ["networkInterfaces", "systemMemoryInfo"]) {
    assert.equal(tried[what], may["sys"] ? "ok" : "NotCapable", what);
  }
  for (const variable of ["HOME", "PATH", "USER", "CATALOG_HOST"]) {
    assert.equal(tried[`env ${variable}`] !== "unset", may[variable], variable);
  }
  for (const what of ["env SECRET", "env SECRET as in Node.js", "env SSH_AUTH_SOCK"]) {
    assert.equal(tried[what], "unset", what);
  }
  assert.equal(tried["all of env"], "hidden");
}

function isDenied(result: unknown): boolean {
  return typeof result === "string" && /^(NotCapable|TypeError|Error)$/.test(result);
}

Deno.test("the probe sees what it may: with all permissions, it may all", async () => {
  await using place = new Place();
  const flags = ["--allow-all", "--no-config", "--no-lock", "--unstable-net"];
  const tried = await place.tried(Deno.execPath(), ["run", ...flags, `${place.path}/probe.mjs`]);
  // What fails then fails for other reasons: there is no such addon, nor a registry.
  const failing = new Set(["addon", "import npm", "run in a worker"]);
  for (const what of [...DENIED, ...ALLOWED].filter((one) => !failing.has(one))) {
    assert.ok(!isDenied(tried[what]), `${what}: ${tried[what]}`);
  }
  assert.equal(tried["env SECRET"], "told");
  assert.equal(tried["ask for run"], "granted");
  assert.equal(place.requests, 1);
});

for (const program of PROGRAMS) {
  const { name } = program;

  Deno.test(`${name} may what it needs, and no more, by its flags`, async () => {
    await using place = new Place();
    const args = ["run", ...runtimeFlags(program), `${place.path}/probe.mjs`];
    assertLeast(name, await place.tried(Deno.execPath(), args));
    assert.equal(place.requests, 0);
  });

  Deno.test(`${name} may what it needs, and no more, as an executable`, async () => {
    await using place = new Place();
    // A cache folder in which the probe is where the program should be.
    await run(built.path(name), ["--version"]);
    const cache = `${place.path}/htserver`;
    await Deno.mkdir(cache, { mode: 0o700 });
    const { program: file, runtime } = await unpackedNames(built.path(name));
    await Deno.symlink(`${CACHE_HOME}/htserver/${runtime}`, `${cache}/${runtime}`);
    await Deno.copyFile(`${place.path}/probe.mjs`, `${cache}/${file}`);
    const tried = await place.tried(built.path(name), [], { XDG_CACHE_HOME: place.path });
    assertLeast(name, tried);
    assert.equal(place.requests, 0);
  });
}

testWith(["strace"], "htserver starts no process, whatever it is asked", async () => {
  await using place = new Place();
  const trace = `${place.path}/trace`;
  await run(built.path("htserver"), ["--version"]); // unpacks
  // With -D the traced process is the one that was started.
  const calls = "trace=execve,execveat,fork,vfork,clone,clone3";
  const args = ["-D", "-f", "-q", "-e", calls, "-o", trace, built.path("htserver"), "strace-a4"];
  await using server = new IsolatedProcess("strace", [...args, ...ALONE]);
  const port = await server.port();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(
    new TextEncoder().encode('{"method":"insert","key":"$(true)","value":"`true`"}\n'),
  );
  await connection.read(new Uint8Array(1_000));
  server.kill("SIGTERM");
  assert.equal((await server.end()).code, 0);
  const lines = (await Deno.readTextFile(trace)).split("\n");
  const execs = lines.filter((line) => /\bexecve(at)?\(/.test(line));
  // The header looks at the mode of its cache folder with `ls`.
  const programs = execs.map((line) => /"([^"]*)"/.exec(line)?.[1]?.replace(/^.*\//, ""));
  assert.deepEqual(programs.map((name) => name?.replace(/-.*/, "")), ["htserver", "ls", "deno"]);
  const started = lines.findIndex((line) => /\bexecve\(.*\/deno-/.test(line));
  const processes = lines.slice(started).filter((line) => /\b(v?fork|clone3?)\(/.test(line))
    .filter((line) => !line.includes("CLONE_THREAD"));
  assert.deepEqual(processes, []);
});

Deno.test("dropped permissions are denied, and the others work", async () => {
  const code = `
    import { dropPermissions, UNUSED_PERMISSIONS } from "file://${TOP}lib/cli/permissions.ts";
    const states = () => ["read", "write", "env", "run", "ffi", "import", "net"]
      .map((name) => Deno.permissions.querySync({ name }).state);
    const before = states();
    dropPermissions("read", "write", "env", ...UNUSED_PERMISSIONS);
    const works = (action) => { try { action(); return true } catch { return false } };
    console.log(JSON.stringify([before, states(), {
      read: works(() => Deno.readTextFileSync("${TOP}deno.json")),
      write: works(() => Deno.writeTextFileSync("/tmp/never", "")),
      run: works(() => new Deno.Command("true").outputSync()),
      asked: Deno.permissions.requestSync({ name: "read" }).state,
      listens: works(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close()),
      interfaces: works(() => Deno.networkInterfaces()),
    }]));`;
  const args = ["eval", "--quiet", "--no-prompt", "--no-lock", "--ext=ts", code];
  const { stdout, stderr } = await run(Deno.execPath(), args, { cwd: TOP });
  assert.equal(stderr, "");
  const [before, after, tried] = JSON.parse(stdout);
  assert.deepEqual(before, Array(7).fill("granted"));
  assert.deepEqual(after, [...Array(6).fill("prompt"), "granted"]);
  assert.deepEqual(tried, {
    ...{ read: false, write: false, run: false, asked: "denied", listens: true, interfaces: true },
  });
});

Deno.test("giving up what one never had does no harm", () => {
  assert.doesNotThrow(() => dropPermissions());
  assert.ok(UNUSED_PERMISSIONS.includes("run"));
});
