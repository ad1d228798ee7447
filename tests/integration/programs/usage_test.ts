/** Tests programs with wrong usage and impossible tasks: one message and an exit code, without a stack trace. */
import assert from "assert";
import { ALONE, fromSource, Program, run } from "../../../bench/harness/program.ts";

/** Command lines, with the exit code and the message of each. */
const CASES: readonly (readonly [readonly string[], number, RegExp])[] = [
  [["server.ts"], 2, /missing required argument 'name'/],
  [["server.ts", "bad name"], 2, /ASCII letters, digits/],
  [["server.ts", "caf\u00e9"], 2, /ASCII letters, digits/],
  [["server.ts", "../x"], 2, /ASCII letters, digits/],
  [["server.ts", "a-a4", "--port", "99999"], 2, /--port .*from 0 to 65535/],
  [["server.ts", "a-a4", "--prot", "1"], 2, /Did you mean --port\?/],
  [["server.ts", "a-a4", "--max-memory", "1TB"], 2, /a size such as 500MB/],
  [["server.ts", "a-a4", "--catalog", "a:b:c"], 2, /HOST, HOST:PORT/],
  [
    ["server.ts", "a-a4", "--host", "192.0.2.1", "--no-catalog", "--memory"],
    1,
    /address of this machine/,
  ],
  [["server.ts", "a-a4", "--token-file", "/none", "--no-catalog"], 1, /Cannot read the token/],
  [["server.ts", "a-a4", ...ALONE, "--port-file", "/none/x"], 1, /Cannot write the port/],
  [["testperf.ts"], 2, /missing required argument/],
  [["testperf.ts", "a-a4", "--ops", "0"], 2, /at least 1|from 1/],
  [["testperf.ts", "a-a4", "--basics", "--outliers"], 2, /two tests/],
  [["testperf.ts", "a-a4", "--mix", "lookup=50"], 2, /add up to 100/],
  [["testperf.ts", "a-a4", "--rate", "9", "--pipeline", "2"], 2, /choose one/],
  [["testperf.ts", "a-a4", "--processes", "2"], 2, /more than the number of clients/],
  [["testperf.ts", "--sweep", "a-a4"], 2, /--sweep/],
  [["client.ts"], 2, /Name a server/],
  [["client.ts", "a-a4", "explode"], 2, /There is no command 'explode'/],
  [["client.ts", "a-a4", "lookup"], 2, /lookup takes KEY/],
  [["client.ts", "127.0.0.1:1", "size", "--timeout", "0.2"], 3, /127\.0\.0\.1:1/],
  [["catalog.ts", "--port", "x"], 2, /--port/],
];

for (const [[entry = "", ...args], exitCode, message] of CASES) {
  Deno.test(`${[entry, ...args].join(" ")} ends with exit code ${exitCode} and a message`, async () => {
    const { code, stdout, stderr } = await run(fromSource(entry, ...args));
    assert.equal(code, exitCode, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at |file:\/\//);
    assert.ok(!/Listening/.test(stdout) || exitCode === 1);
  });
}

Deno.test("for a port in use, a server names the flag that helps", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = String(taken.addr.port);
  const { code, stderr } = await run(fromSource("server.ts", "a-a4", ...ALONE, "--port", port));
  assert.equal(code, 1);
  assert.match(stderr, /^htserver: .*another program uses it; .*--port/m);
});

Deno.test("a server warns of a catalog that it cannot reach, and serves", async () => {
  const flags = ["--memory", "--host", "127.0.0.1", "--local-catalog", "off"];
  const catalog = ["--catalog", "127.0.0.1:1", "--catalog-interval", "0.1"];
  await using server = new Program(fromSource("server.ts", "a-a4", ...flags, ...catalog));
  const port = await server.port();
  await server.until("stderr", /127\.0\.0\.1:1/);
  const { code, stdout } = await run(fromSource("client.ts", `127.0.0.1:${port}`, "ping"));
  assert.equal(code, 0);
  assert.equal(stdout, '"pong"\n');
  server.kill("SIGTERM");
  assert.equal(await server.exitCode(), 0);
});

Deno.test("processes of testperf at the same time do not disturb each other", async () => {
  await using server = new Program(fromSource("server.ts", "many-a4", ...ALONE));
  const target = `127.0.0.1:${await server.port()}`;
  const flags = ["--ops", "200", "--clients", "2", "--pipeline", "4"];
  const testperf = () => run(fromSource("testperf.ts", target, ...flags));
  const tests = await Promise.all([testperf(), testperf(), testperf()]);
  for (const { code, stdout, stderr } of tests) {
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^remove: 400 ops in .*\(sum of 2 clients\)$/m);
  }
  const { stdout } = await run(fromSource("client.ts", target, "size"));
  assert.equal(stdout, "0\n");
});

Deno.test("testperf --basics passes, and --outliers reports the slowest operations", async () => {
  await using server = new Program(fromSource("server.ts", "basic-a4", ...ALONE));
  const target = `127.0.0.1:${await server.port()}`;
  const basics = await run(fromSource("testperf.ts", target, "--basics"));
  assert.equal(basics.code, 0, basics.stdout);
  assert.match(basics.stdout, /^basics: \d+ passed, 0 failed$/m);
  const outliers = await run(fromSource("testperf.ts", target, "--outliers", "--ops", "50"));
  assert.equal(outliers.code, 0, outliers.stderr);
  assert.match(outliers.stdout, /^insert: 50 ops, fastest .*\nremove: 50 ops, .*operation \d+\)/);
});

Deno.test("a table is the same after import and export", async () => {
  await using server = new Program(fromSource("server.ts", "copy-a4", ...ALONE));
  const target = `127.0.0.1:${await server.port()}`;
  const file = await Deno.makeTempFile();
  try {
    const lines = ['["a",1.0]', '["b",{"x":[1, 2]}]', '["\\u00e9\\n","12345678901234567890"]'];
    await Deno.writeTextFile(file, lines.join("\n"));
    const imported = await run(fromSource("client.ts", target, "import", file));
    assert.equal(imported.code, 0, imported.stderr);
    const { stdout } = await run(fromSource("client.ts", target, "export"));
    const expected = [lines[0], lines[1], '["\u00e9\\n","12345678901234567890"]'];
    assert.deepEqual(stdout.trimEnd().split("\n").sort(), expected.sort());
    await Deno.writeTextFile(file, '["a",1]\n{"b":2}\n');
    const bad = await run(fromSource("client.ts", target, "import", file));
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /Cannot import line 2 of /);
  } finally {
    await Deno.remove(file);
  }
});
