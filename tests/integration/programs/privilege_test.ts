/**
 * Tests the permissions of each program with a probe, which runs with the flags of the program and through
 * the header of its executable. Also tests that dropped permissions are denied.
 */
import assert from "assert";
import { PROGRAMS, runtimeFlags } from "../../../tools/build/programs.ts";
import { CACHE_HOME, executables } from "./executables.ts";
import { IsolatedProcess, run } from "./isolated_process.ts";
import { unpackedNames } from "./portable_file.ts";
import { testWith } from "../../helpers/needs.ts";
import { PROBE, type ProbeResults } from "./privilege_probe.ts";
import { ALONE, TOP } from "../../../bench/harness/program.ts";

const built = await executables();

/** Attempts that fail in all programs. */
const DENIED = [
  ...["run sh", "run deno", "run as in Node.js", "run in a worker", "kill", "addon"],
  ...["inspector", "environment in /proc", "memory in /proc"],
  ...["osRelease", "osUptime", "loadavg", "uid", "gid", "userInfo"],
  ...["import remote", "import npm"],
];

/** Attempts that succeed in all programs. */
const ALLOWED = ["read", "listen", "connect", "datagrams"];

/** Permissions of each program; the names in capitals are environment variables. */
const PERMISSIONS: Readonly<Record<string, ReadonlySet<string>>> = {
  htserver: new Set([
    ...["write", "networkInterfaces", "systemMemoryInfo", "CATALOG_HOST", "USER"],
  ]),
  testperf: new Set(["write", "hostname", "ffi", "HOME", "PATH", "CATALOG_HOST"]),
  htclient: new Set(["CATALOG_HOST"]),
  htcatalog: new Set(["write"]),
};

/** The environment of each probe. */
const ENVIRONMENT = {
  ...{ HOME: "/nowhere", USER: "tester", CATALOG_HOST: "127.0.0.1" },
  ...{ SECRET: "visible", SSH_AUTH_SOCK: "/nowhere" },
};

/** A folder with a probe and its files, and a host with the module that the probe imports. */
class ProbeFolder implements AsyncDisposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "htserver-privilege-" });
  readonly #remote = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      this.requests++;
      return new Response("", { headers: { "content-type": "text/javascript" } });
    },
  );
  /** The number of requests for the module. */
  requests = 0;

  constructor() {
    Deno.writeTextFileSync(`${this.path}/probe.mjs`, PROBE);
    Deno.writeTextFileSync(`${this.path}/readable`, "");
  }

  /** Runs the probe. */
  async run(path: string, before: readonly string[], env?: Record<string, string>) {
    const own = [Deno.execPath(), `${this.path}/readable`, `${this.path}/written`];
    const args = [...before, ...own, `http://127.0.0.1:${this.#remote.addr.port}/module.js`];
    const { stdout, stderr } = await run(path, args, { env: { ...ENVIRONMENT, ...env } });
    assert.ok(stdout.startsWith("{"), `the probe ended early: ${stderr}`);
    assert.doesNotMatch(stderr, /Allow\?|requests/); // no prompt
    return JSON.parse(stdout) as ProbeResults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote.shutdown();
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Asserts that a probe had exactly the permissions of a program. */
function assertPermissions(name: string, results: ProbeResults): void {
  const permissions = PERMISSIONS[name] ?? new Set();
  for (const what of DENIED) assert.ok(isDenied(results[what]), `${what}: ${results[what]}`);
  for (const what of ["run", "ffi", "env"]) {
    const state = permissions.has(what) ? "granted" : "denied";
    assert.equal(results[`ask for ${what}`], state, what);
  }
  for (const what of ALLOWED) assert.equal(results[what], "ok", what);
  for (const what of ["write", "networkInterfaces", "systemMemoryInfo", "hostname", "ffi"]) {
    assert.equal(results[what], permissions.has(what) ? "ok" : "NotCapable", what);
  }
  for (const variable of ["HOME", "PATH", "USER", "CATALOG_HOST"]) {
    assert.equal(results[`env ${variable}`] !== "unset", permissions.has(variable), variable);
  }
  for (const what of ["env SECRET", "env SECRET as in Node.js", "env SSH_AUTH_SOCK"]) {
    assert.equal(results[what], "unset", what);
  }
  assert.equal(results["all of env"], "hidden");
}

function isDenied(result: unknown): boolean {
  return typeof result === "string" && /^(NotCapable|TypeError|Error)$/.test(result);
}

Deno.test("the probe detects permissions: with all of them, each attempt succeeds", async () => {
  await using folder = new ProbeFolder();
  const flags = ["--allow-all", "--no-config", "--no-lock", "--unstable-net"];
  const results = await folder.run(Deno.execPath(), ["run", ...flags, `${folder.path}/probe.mjs`]);
  // These fail for other reasons: for example, there is no such addon.
  const failing = new Set(["addon", "import npm", "run in a worker"]);
  for (const what of [...DENIED, ...ALLOWED].filter((one) => !failing.has(one))) {
    assert.ok(!isDenied(results[what]), `${what}: ${results[what]}`);
  }
  assert.equal(results["env SECRET"], "visible");
  assert.equal(results["ask for run"], "granted");
  assert.equal(folder.requests, 1);
});

for (const program of PROGRAMS) {
  const { name } = program;

  Deno.test(`${name} has its permissions and no others by its flags`, async () => {
    await using folder = new ProbeFolder();
    const args = ["run", ...runtimeFlags(program), `${folder.path}/probe.mjs`];
    assertPermissions(name, await folder.run(Deno.execPath(), args));
    assert.equal(folder.requests, 0);
  });

  Deno.test(`${name} has its permissions and no others as an executable`, async () => {
    await using folder = new ProbeFolder();
    // A cache folder with the probe in place of the program.
    await run(built.path(name), ["--version"]);
    const cache = `${folder.path}/htserver`;
    await Deno.mkdir(cache, { mode: 0o700 });
    const { program: file, runtime } = await unpackedNames(built.path(name));
    await Deno.symlink(`${CACHE_HOME}/htserver/${runtime}`, `${cache}/${runtime}`);
    await Deno.copyFile(`${folder.path}/probe.mjs`, `${cache}/${file}`);
    const results = await folder.run(built.path(name), [], { XDG_CACHE_HOME: folder.path });
    assertPermissions(name, results);
    assert.equal(folder.requests, 0);
  });
}

testWith(["strace"], "htserver starts no process for a request", async () => {
  await using folder = new ProbeFolder();
  const trace = `${folder.path}/trace`;
  await run(built.path("htserver"), ["--version"]); // unpacks
  // With -D, the started process is htserver, not strace.
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
  // The header reads the mode of its cache folder with `ls`.
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
  const [before, after, attempts] = JSON.parse(stdout);
  assert.deepEqual(before, Array(7).fill("granted"));
  assert.deepEqual(after, [...Array(6).fill("prompt"), "granted"]);
  assert.deepEqual(attempts, {
    ...{ read: false, write: false, run: false, asked: "denied", listens: true, interfaces: true },
  });
});
