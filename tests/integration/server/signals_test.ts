/** Tests the built executables with signals, and with a limit on the size of files. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { executables } from "../programs/executables.ts";
import { after, IsolatedProcess, run } from "../programs/isolated_process.ts";
import { TempFolder } from "../../helpers/folders.ts";
import { ALONE, ALONE_ON_DISK, PATIENCE_MS } from "../../../bench/harness/program.ts";
import { RawClient } from "../../../bench/harness/raw_client.ts";

const LOOPBACK = ["--host", "127.0.0.1"];

const built = await executables();
const HTSERVER = built.path("htserver");

/** Reads the names that a catalog lists. */
async function listedBy(port: number): Promise<unknown[]> {
  const response = await fetch(`http://127.0.0.1:${port}/query.json`);
  return (await response.json() as { project?: unknown }[]).map(({ project }) => project)
    .filter((project) => project !== undefined);
}

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(20)) {
    if (await isTrue()) return;
  }
  assert.fail(`waited too long: ${what}`);
}

/** Sends a request; returns `OK` or the type of the error. */
async function ask(client: RawClient, request: Record<string, unknown>): Promise<unknown> {
  await client.send(JSON.stringify(request) + "\n");
  const { status, type } = await client.reply();
  return status === "OK" ? status : type;
}

for (const signal of ["SIGHUP", "SIGXCPU"] as const) {
  Deno.test(`fault: signals without a chosen behavior: ${signal} stops a server with a goodbye`, async () => {
    const catalogArgs = [...LOOPBACK, "--port", "0"];
    await using catalog = new IsolatedProcess(built.path("htcatalog"), catalogArgs);
    const catalogPort = await catalog.port();
    await using server = new IsolatedProcess(HTSERVER, [
      ...["signals-a4", "--memory", ...LOOPBACK, "--catalog", `127.0.0.1:${catalogPort}`],
      ...["--local-catalog", "off"],
    ]);
    await server.port();
    await until(async () => (await listedBy(catalogPort)).length === 1, "the server is listed");
    server.kill(signal);
    const { code, stderr } = await server.end();
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`stopping signal=${signal}$`, "m"));
    await until(async () => (await listedBy(catalogPort)).length === 0, "the server is not listed");
    catalog.kill(signal);
    assert.equal((await catalog.end()).code, 0);
  });
}

Deno.test("fault: signals without a chosen behavior: a server ignores all others", async () => {
  await using server = new IsolatedProcess(HTSERVER, ["t", ...ALONE]);
  using client = await RawClient.connect(await server.port());
  const others = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO"] as const;
  for (const signal of [...others, "SIGPIPE", "SIGXFSZ"] as const) {
    server.kill(signal);
    assert.equal(await ask(client, { method: "ping" }), "OK", signal);
  }
  server.kill("SIGTERM");
  assert.equal((await server.end()).code, 0);
});

Deno.test("fault: signals without a chosen behavior: nohup protects a server", async () => {
  await using server = after("trap '' HUP", HTSERVER, "t", ...ALONE);
  using client = await RawClient.connect(await server.port());
  server.kill("SIGHUP");
  assert.equal(await ask(client, { method: "ping" }), "OK");
  server.kill("SIGTERM");
  const { code, stderr } = await server.end();
  assert.equal(code, 0);
  assert.match(stderr, /stopping signal=SIGTERM$/m);
});

Deno.test("fault: signals without a chosen behavior: a file at ulimit -f is StorageError", async () => {
  await using folder = await TempFolder.make();
  const args = ["t", ...ALONE_ON_DISK, "--data", `${folder.path}/t.ht`];
  await using server = after("ulimit -S -f 1000", HTSERVER, ...args); // blocks of 512 bytes
  using client = await RawClient.connect(await server.port());
  const value = "v".repeat(9_000);
  let keys = 0;
  let word: unknown = "OK";
  for (; keys < 500 && word === "OK"; keys++) {
    word = await ask(client, { method: "insert", key: `k${keys}`, value });
  }
  assert.equal(word, "StorageError");
  assert.equal(await ask(client, { method: "lookup", key: "k0" }), "OK");
  const raised = await run("prlimit", ["--pid", String(server.pid), "--fsize=unlimited:"]);
  assert.equal(raised.code, 0, raised.stderr);
  assert.equal(await ask(client, { method: "insert", key: "k0", value: 1 }), "OK");
});

Deno.test("fault: signals without a chosen behavior: checkpoints keep the log below ulimit -f", async () => {
  await using folder = await TempFolder.make();
  const args = ["t", ...ALONE_ON_DISK, "--data", `${folder.path}/t.ht`];
  await using server = after("ulimit -f 1000", HTSERVER, ...args);
  using client = await RawClient.connect(await server.port());
  const value = "v".repeat(9_000);
  for (let change = 0; change < 200; change++) { // 1.8 MB through files of 0.5 MB
    assert.equal(await ask(client, { method: "insert", key: "k", value }), "OK", `${change}`);
  }
});

Deno.test("the first start fails with one message at ulimit -f", async () => {
  await using folder = await TempFolder.make();
  const line = `ulimit -f 1; XDG_CACHE_HOME='${folder.path}'`;
  await using server = after(line, HTSERVER, "--version");
  const { code, stderr } = await server.end();
  assert.equal(code, 1);
  assert.match(stderr, /^htserver: Cannot unpack [^\n]+\n$/);
});
