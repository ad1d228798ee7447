/** The built executables, run as a user runs them: what holds for the sources must hold for them. */
import assert from "assert";
import { VERSION } from "../../../lib/base/version.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";
import {
  CACHE_HOME,
  executables,
  flagsOf,
  headerOf,
  indexOfPayload,
  run,
  Running,
  unpacked,
} from "./executables.ts";
import { isLong } from "../../helpers/long.ts";
import { testWith } from "../../helpers/needs.ts";

/** A server for one machine, which announces itself to nobody. */
const SERVER_ARGS = [
  "t",
  "--memory",
  "--no-catalog",
  "--local-catalog",
  "off",
  "--host",
  "127.0.0.1",
];

/** A catalog for one machine. */
const CATALOG_ARGS = ["--host", "127.0.0.1", "--port", "0"];

const TOP = new URL("../../../", import.meta.url).pathname;
const built = await executables();
const HTSERVER = built.path("htserver");

/** Sends one request to a server of this machine and gives its reply. */
async function ask(port: number, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request + "\n"));
  const reply = new Uint8Array(10_000);
  const bytes = await connection.read(reply);
  return new TextDecoder().decode(reply.subarray(0, bytes ?? 0));
}

/** A folder that goes when the test ends. */
async function scratch() {
  const path = await Deno.makeTempDir({ prefix: "htserver test " });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

const ONE_SENTENCE = /^\w+: [^\n]+\n$/;

for (const { name } of PROGRAMS) {
  Deno.test(`${name} prints its version and its help`, async () => {
    assert.deepEqual(await run(built.path(name), ["--version"]), {
      code: 0,
      stdout: `${name} ${VERSION}\n`,
      stderr: "",
    });
    const help = await run(built.path(name), ["--help"]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, new RegExp(`^Usage: ${name} [^]*Examples:`));
  });

  Deno.test(`${name} answers bad usage with exit code 2 and one sentence`, async () => {
    const { code, stdout, stderr } = await run(built.path(name), ["--no-such-flag"]);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, ONE_SENTENCE);
  });

  Deno.test(`${name} may read the environment variables that its code names`, async () => {
    await run(built.path(name), ["--version"]);
    const file = unpacked(CACHE_HOME).find((file) => file.startsWith(`${name}-`));
    const code = await Deno.readTextFile(`${CACHE_HOME}/htserver/${file}`);
    const granted = (await flagsOf(built.path(name))).find((flag) =>
      flag.startsWith("--allow-env=")
    );
    for (const [call] of code.matchAll(/\b(environment|Deno\.env\.get)\([^()]*\)/g)) {
      for (const [, variable] of call.matchAll(/"(\w+)"/g)) {
        assert.match(granted ?? "", new RegExp(`[=,]${variable}(,|$)`));
      }
    }
  });
}

Deno.test("htserver runs as the process that was started and answers over TCP", async () => {
  await using server = new Running(HTSERVER, SERVER_ARGS);
  const port = await server.port();
  const insert = '{"method":"insert","key":"k","value":{"a":1.0}}';
  assert.equal(await ask(port, insert), '{"status":"OK","result":null}\n');
  assert.equal(
    await ask(port, '{"method":"lookup","key":"k"}'),
    '{"status":"OK","result":{"a":1.0}}\n',
  );
  assert.match(await ask(port, '{"method":"info"}'), new RegExp(`"pid":${server.pid}\\b`));
});

Deno.test("testperf starts copies of itself, wherever it is, and they are allowed no more", async () => {
  await using server = new Running(HTSERVER, SERVER_ARGS);
  const target = `127.0.0.1:${await server.port()}`;
  const flags = ["--clients", "3", "--processes", "3", "--ops", "20", "--operations", "insert"];
  const measured = /^insert: 60 ops .* \(sum of 3 clients\)$/m;
  const usual = await run(built.path("testperf"), [target, ...flags]);
  assert.equal(usual.code, 0, usual.stderr);
  assert.match(usual.stdout, measured);
  await using folder = await scratch();
  await Deno.symlink(built.path("testperf"), `${folder.path}/a perf`);
  // Called by a relative path, and with what would keep Deno from starting anything.
  const elsewhere = await run("./a perf", [target, ...flags], {
    cwd: folder.path,
    env: { LD_LIBRARY_PATH: "/nowhere" },
  });
  assert.equal(elsewhere.code, 0, elsewhere.stderr);
  assert.match(elsewhere.stdout, measured);
  // A comma in the path would make two paths of it in Deno's list of what may be started.
  await Deno.mkdir(`${folder.path}/a,b`);
  await Deno.symlink(built.path("testperf"), `${folder.path}/a,b/perf`);
  const comma = await run(`${folder.path}/a,b/perf`, [target, ...flags]);
  assert.deepEqual([comma.code, comma.stdout], [1, ""]);
  assert.match(comma.stderr, /^testperf: [^\n]*comma[^\n]*\n$/);
});

Deno.test("testperf has in its one file what draws, and may write", async () => {
  await using folder = await scratch();
  await using server = new Running(HTSERVER, SERVER_ARGS);
  const target = `127.0.0.1:${await server.port()}`;
  for (const form of ["svg", "png"]) {
    const flags = ["--ops", "20", "--csv", `${folder.path}/raw.csv`, "--plot"];
    const args = [target, ...flags, `${folder.path}/latency.${form}`];
    const { code, stderr } = await run(built.path("testperf"), args);
    assert.equal(code, 0, stderr);
  }
  assert.match(await Deno.readTextFile(`${folder.path}/latency.svg`), /^<svg .*Latency \(ms\)/s);
  const png = await Deno.readFile(`${folder.path}/latency.png`);
  assert.equal(new TextDecoder("latin1").decode(png.subarray(1, 4)), "PNG");
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted();
  assert.deepEqual(names, ["latency.png", "latency.svg", "raw.csv"]);
});

for (const [name, args] of [["htserver", SERVER_ARGS], ["htcatalog", CATALOG_ARGS]] as const) {
  Deno.test(`${name} may write its port file`, async () => {
    await using folder = await scratch();
    const file = `${folder.path}/port`;
    await using running = new Running(built.path(name), [...args, "--port-file", file]);
    const port = await running.port();
    await ask(port, "GET / HTTP/1.0\r\n\r\n"); // answered by both, in their own ways
    running.kill("SIGTERM");
    assert.equal((await running.end()).code, 0);
    assert.equal(await Deno.readTextFile(file), `${port}\n`);
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`htserver ends soon after ${signal}, with exit code 0`, async () => {
    await using server = new Running(HTSERVER, SERVER_ARGS);
    await ask(await server.port(), '{"method":"ping"}');
    const before = performance.now();
    server.kill(signal);
    assert.equal((await server.end()).code, 0);
    assert.ok(performance.now() - before < 20_000); // 2 s, on a machine ten times slower
  });
}

Deno.test("ten first starts at once, in one fresh cache folder, all work and leave nothing half", async () => {
  await using folder = await scratch();
  const env = { XDG_CACHE_HOME: folder.path };
  await Deno.mkdir(`${folder.path}/htserver`, { mode: 0o755 });
  const ends = await Promise.all(
    Array.from({ length: 10 }, () => run(HTSERVER, ["--version"], { env })),
  );
  for (const end of ends) {
    assert.deepEqual(end, { code: 0, stdout: `htserver ${VERSION}\n`, stderr: "" });
  }
  const names = unpacked(folder.path);
  assert.equal(names.length, 2, `left behind: ${names}`);
  const { mode } = await Deno.stat(`${folder.path}/htserver`);
  assert.equal((mode ?? 0) & 0o777, 0o700);
});

Deno.test("all programs share one unpacked runtime", async () => {
  await using folder = await scratch();
  const env = { XDG_CACHE_HOME: folder.path };
  for (const { name } of PROGRAMS) await run(built.path(name), ["--version"], { env });
  const names = unpacked(folder.path);
  assert.equal(names.length, PROGRAMS.length + 1);
  assert.equal(names.filter((name) => name.startsWith("deno-")).length, 1);
});

Deno.test("an executable with one flipped byte is refused", async () => {
  await using folder = await scratch();
  const bytes = await Deno.readFile(HTSERVER);
  const env = { XDG_CACHE_HOME: folder.path };
  // One in the runtime, one in the program, which comes right after the header.
  const places = [Math.floor(bytes.length / 2), indexOfPayload(bytes) + 5_000];
  for (const place of places) {
    const damaged = bytes.slice();
    damaged[place] = (damaged[place] ?? 0) ^ 0x10;
    await Deno.writeFile(`${folder.path}/damaged`, damaged, { mode: 0o755 });
    const { code, stdout, stderr } = await run(`${folder.path}/damaged`, ["--version"], { env });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^htserver: Cannot (start|unpack)[^\n]+\n$/);
  }
});

Deno.test("an executable whose digest does not fit is refused, though gzip is content", async () => {
  await using folder = await scratch();
  const bytes = await Deno.readFile(HTSERVER);
  const digits = / ([0-9a-f]{64})\n/.exec(headerOf(bytes));
  assert.ok(digits?.[1]);
  bytes[digits.index + 1] = digits[1].startsWith("0") ? 0x31 : 0x30;
  await Deno.writeFile(`${folder.path}/damaged`, bytes, { mode: 0o755 });
  const env = { XDG_CACHE_HOME: folder.path };
  const { code, stderr } = await run(`${folder.path}/damaged`, ["--version"], { env });
  assert.equal(code, 1);
  assert.match(stderr, /^htserver: Cannot start: [^\n]+SHA-256[^\n]+\n$/);
  assert.deepEqual(unpacked(folder.path), []);
});

Deno.test("nothing in the environment or the current folder changes what a program does", async () => {
  await using folder = await scratch();
  const files = ["deno.json", "package.json", "tsconfig.json", ".npmrc", ".env"];
  for (const file of files) {
    await Deno.writeTextFile(`${folder.path}/${file}`, "{ broken [");
  }
  const env = {
    HOME: folder.path,
    DENO_DIR: `${folder.path}/not here`,
    DENO_V8_FLAGS: "--no-such-flag",
    DENO_CERT: "/no/such/file",
    DENO_NO_PROMPT: "0",
    DENO_PERMISSION_BROKER_PATH: "/no/such/socket",
    DENO_TLS_CA_STORE: "none such",
    DENO_LOG: "trace",
    RUST_LOG: "trace",
    RUST_MIN_STACK: "nonsense",
    TOKIO_WORKER_THREADS: "nonsense",
    NODE_OPTIONS: "--no-such-flag",
    NODE_CHANNEL_FD: "1",
    OTEL_DENO: "true",
    GZIP: "--no-such-flag",
    DENO_COVERAGE_DIR: folder.path,
  };
  const cwd = folder.path;
  const seen = await run(HTSERVER, ["--version"], { cwd, env });
  assert.deepEqual(seen, { code: 0, stdout: `htserver ${VERSION}\n`, stderr: "" });
  const cold = await run(HTSERVER, ["--version"], {
    cwd,
    env: { ...env, DENO_DIR: `${folder.path}/.env`, XDG_CACHE_HOME: `${folder.path}/new/cache` },
  });
  assert.deepEqual(cold, seen);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assert.deepEqual(names, [...files, "new"].sort());
  assert.equal(((await Deno.stat(`${folder.path}/new`)).mode ?? 0) & 0o777, 0o700);
});

Deno.test("a read-only executable starts through PATH, a symlink and a path with spaces", async () => {
  await using folder = await scratch();
  const real = `${folder.path}/real name`;
  await Deno.copyFile(HTSERVER, real);
  await Deno.chmod(real, 0o555);
  await Deno.symlink("real name", `${folder.path}/ht server`);
  const path = `${folder.path}:${Deno.env.get("PATH")}`;
  const script = '"ht server" --version && cd "$1" && "./ht server" --version';
  const env = { PATH: path, XDG_CACHE_HOME: `${folder.path}/c` };
  const { stdout, stderr } = await run("/bin/sh", ["-c", script, "sh", folder.path], { env });
  assert.equal(stdout, `htserver ${VERSION}\nhtserver ${VERSION}\n`);
  assert.equal(stderr, "");
});

Deno.test("without a cache folder it unpacks into a private temporary one, and finds it again", async () => {
  await using folder = await scratch();
  await Deno.chmod(folder.path, 0o777);
  // XDG_CACHE_HOME must be absolute to count; a file stands where the folder of HOME should be.
  await Deno.writeTextFile(`${folder.path}/.cache`, "");
  const env = { XDG_CACHE_HOME: "relative", HOME: folder.path, TMPDIR: folder.path };
  const good = { code: 0, stdout: `htserver ${VERSION}\n`, stderr: "" };
  assert.deepEqual(await run(HTSERVER, ["--version"], { env }), good);
  assert.deepEqual(await run(HTSERVER, ["--version"], { env }), good);
  const [name, ...others] = [...Deno.readDirSync(folder.path)].filter((one) => one.isDirectory)
    .map((one) => one.name);
  assert.deepEqual(others, []);
  const { mode } = await Deno.stat(`${folder.path}/${name}`);
  assert.equal((mode ?? 0) & 0o777, 0o700);
});

Deno.test("a temporary folder that others can write into is not trusted", async () => {
  await using folder = await scratch();
  const trap = `${folder.path}/htserver-${Deno.uid()}`;
  await Deno.mkdir(trap);
  await Deno.chmod(trap, 0o777);
  const env = { XDG_CACHE_HOME: "", HOME: "", TMPDIR: folder.path };
  assert.equal((await run(HTSERVER, ["--version"], { env })).code, 0);
  assert.deepEqual([...Deno.readDirSync(trap)], []);
});

Deno.test({
  name: "a cache folder of another user is not used, and a line says so",
  ignore: !Deno.env.has("CI") && Deno.uid() !== 0, // only root can give a folder away
  fn: async () => {
    await using folder = await scratch();
    const foreign = `${folder.path}/htserver`;
    await Deno.mkdir(foreign);
    await run(HTSERVER, ["--version"]);
    const planted = unpacked(CACHE_HOME);
    for (const name of planted) {
      await Deno.writeTextFile(`${foreign}/${name}`, "#!/bin/sh\necho trapped\n", { mode: 0o755 });
    }
    await Deno.chown(foreign, 12_345, null);
    const env = { XDG_CACHE_HOME: folder.path, TMPDIR: folder.path };
    const { code, stdout, stderr } = await run(HTSERVER, ["--version"], { env });
    assert.deepEqual([code, stdout], [0, `htserver ${VERSION}\n`]);
    assert.match(stderr, /^htserver: Not using the cache folder [^\n]+\n$/);
    assert.deepEqual(unpacked(folder.path), planted);
  },
});

Deno.test("htserver has the flags of V8 that keep its garbage small, and no other program", async () => {
  for (const { name } of PROGRAMS) {
    const hasThem = (await flagsOf(built.path(name))).some((flag) =>
      flag.startsWith("--v8-flags=")
    );
    assert.equal(hasThem, name === "htserver", name);
  }
});

Deno.test("the flags that are baked in deny subprocesses, libraries and other variables", async () => {
  await using folder = await scratch();
  await Deno.writeTextFile(`${folder.path}/try.mjs`, TRIES);
  const runtime = unpacked(CACHE_HOME).find((name) => name.startsWith("deno-"));
  for (const { name } of PROGRAMS) {
    const args = ["run", ...await flagsOf(built.path(name)), `${folder.path}/try.mjs`];
    const { stdout } = await run(`${CACHE_HOME}/htserver/${runtime}`, args, {
      env: { SECRET: "told" },
    });
    const may = JSON.parse(stdout);
    assert.deepEqual(
      may,
      {
        run: false,
        ffi: false,
        secret: null,
        hostname: false,
        net: true,
        read: true,
        write: name !== "htclient",
        datagrams: true,
      },
      name,
    );
  }
});

/** Tries what a program may and may not, and prints what worked. */
const TRIES = `
const works = (action) => { try { action(); return true; } catch { return false; } };
const granted = (name) => Deno.permissions.querySync({ name }).state === "granted";
console.log(JSON.stringify({
  run: works(() => new Deno.Command("true").outputSync()),
  ffi: works(() => Deno.dlopen("libc.so.6", {})),
  secret: Deno.env.get("SECRET") ?? null,
  hostname: works(() => Deno.hostname()),
  net: granted("net"),
  read: granted("read"),
  write: granted("write"),
  datagrams: works(() => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }).close()),
}));
`;

for (const shell of ["dash", "bash", "busybox"]) {
  Deno.test({
    name: `the header runs under ${shell}`,
    ignore: !Deno.env.has("CI") && !isInstalled(shell),
    fn: async () => {
      await using folder = await scratch();
      const env = { XDG_CACHE_HOME: folder.path };
      const args = [...(shell === "busybox" ? ["sh"] : []), HTSERVER, "--version"];
      for (const _ of ["first start", "second start"]) {
        assert.deepEqual(await run(shell, args, { env }), {
          code: 0,
          stdout: `htserver ${VERSION}\n`,
          stderr: "",
        });
      }
    },
  });
}

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["-c", "true"], stderr: "null" }).outputSync().code >=
      0;
  } catch {
    return false;
  }
}

Deno.test("building again gives the same bytes", async () => {
  await using folder = await scratch();
  const { code, stdout } = await runBuild(["--form", "portable"], folder.path);
  assert.equal(code, 0);
  assert.match(stdout, /^htcatalog +[\d.]+MB {2}portable \(Deno [^\n]+\)\n$/);
  const again = await Deno.readFile(`${folder.path}/htcatalog`);
  const first = await Deno.readFile(built.path("htcatalog"));
  assert.equal(again.length, first.length);
  assert.ok(again.every((byte, at) => byte === first[at]));
});

Deno.test("where Deno's runtime part is given, deno compile packs the program into it", async () => {
  await using folder = await scratch();
  const env = { DENORT_BIN: Deno.execPath() };
  // For another machine, so that it is not started: Deno in the place of its runtime part is not one.
  const other = `${Deno.build.arch === "x86_64" ? "aarch64" : "x86_64"}-unknown-linux-gnu`;
  const { code, stdout, stderr } = await runBuild(["--target", other], folder.path, env);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^htcatalog +[\d.]+MB {2}compiled \(Deno [^\n]+, not started: [^\n]+\)\n$/);
  const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder.path}/htcatalog`));
  assert.ok(text.includes("A catalog"), "the program's own text is in it");
});

Deno.test("fault: a build proves what it made: with Deno itself as runtime part", async () => {
  await using folder = await scratch();
  const env = { DENORT_BIN: Deno.execPath() };
  const forced = await runBuild(["--form", "compile"], folder.path, env);
  assert.deepEqual([forced.code, forced.stdout], [1, ""]);
  assert.match(forced.stderr, /^build: Cannot use [^\n]+ printed "deno [^\n]+\n$/);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  const { code, stdout, stderr } = await runBuild([], folder.path, env);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^Making the portable form: Cannot use [^\n]+\nhtcatalog +[\d.]+MB {2}portable [^\n]+\n$/,
  );
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["htcatalog"]);
  const version = await run(`${folder.path}/htcatalog`, ["--version"]);
  assert.equal(version.stdout, `htcatalog ${VERSION}\n`);
});

/** Programs in C that stand for a runtime part that misbehaves. */
const RUNTIME_PARTS = {
  "prints nothing": "int main(void) { return 0; }",
  crashes: "#include <stdlib.h>\nint main(void) { abort(); }",
  ...(isLong ? { hangs: "#include <unistd.h>\nint main(void) { for (;;) pause(); }" } : {}),
};

for (const [what, source] of Object.entries(RUNTIME_PARTS)) {
  testWith(["cc"], `fault: a build proves what it made: a runtime part that ${what}`, async () => {
    await using folder = await scratch();
    await Deno.writeTextFile(`${folder.path}/part.c`, source);
    const made = await run("cc", ["-o", "part", "part.c"], { cwd: folder.path });
    assert.equal(made.code, 0, made.stderr);
    const env = { DENORT_BIN: `${folder.path}/part` };
    // What `auto` does then is the same as with Deno itself, above.
    const args = ["--form", "compile"];
    const { code, stderr } = await runBuild(args, `${folder.path}/out`, env);
    assert.equal(code, 1);
    assert.match(stderr, /^build: Cannot use [^\n]+'htcatalog --version' [^\n]+\n$/);
  });
}

Deno.test("where Deno's runtime part cannot be had, one line says so and the portable form is made", async () => {
  await using folder = await scratch();
  const env = { DENORT_BIN: "/no/such/file" };
  const { code, stdout } = await runBuild([], folder.path, env);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^Making the portable form: [^\n]+\nhtcatalog +[\d.]+MB {2}portable [^\n]+\n$/,
  );
  const forced = await runBuild(["--form", "compile"], folder.path, env);
  assert.equal(forced.code, 1);
  assert.match(forced.stderr, ONE_SENTENCE);
});

/** Runs the build tool for one program. */
function runBuild(
  args: readonly string[],
  out: string,
  env: Readonly<Record<string, string>> = {},
) {
  const all = ["run", "-A", "tools/build.ts", "--only", "htcatalog", "--out", out, ...args];
  const own = { XDG_CACHE_HOME: "", ...Deno.env.toObject() }; // Deno's own cache, not the tests'
  return run(Deno.execPath(), all, { cwd: TOP, env: { ...own, ...env } });
}
