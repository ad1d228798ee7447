/** Tests the proof of an executable, with scripts in place of executables. */
import assert from "assert";
import { VERSION } from "../../lib/base/version.ts";
import { PROGRAMS } from "../../tools/build/programs.ts";
import { prove } from "../../tools/build/proof.ts";
import { TempFolder } from "../helpers/folders.ts";

/** Longer than any start of a shell, in milliseconds. */
const AMPLE_MS = 60_000;

/** The limit of a script that never ends, in milliseconds. */
const SHORT_MS = 300;

const GOOD_VERSION = `[ "$1" = --version ] && { echo "$name ${VERSION}"; exit 0; }`;

/** The script of a server. It starts Deno, because a shell cannot listen. */
function server(reply: string, onTerm = "Deno.exit(0)"): string {
  return `${GOOD_VERSION}
exec '${Deno.execPath()}' eval --no-config '
Deno.addSignalListener("SIGTERM", () => { ${onTerm} });
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log("Listening on port " + listener.addr.port);
for await (const connection of listener) {
  await connection.read(new Uint8Array(1000));
  await connection.write(new TextEncoder().encode(JSON.stringify(${reply}) + "\\n"));
  connection.close();
}
'`;
}

const HELLO = `{ status: "OK", result: { project: "build-proof", version: "${VERSION}" } }`;

/** Runs the proof of a program on a script, and returns the problem. */
async function problemOf(name: string, script: string, timeoutMs = AMPLE_MS) {
  await using folder = await TempFolder.make();
  const path = `${folder.path}/${name}`;
  const text = `#!/bin/sh\nname=${name}\n${script}\n`;
  await Deno.writeTextFile(path, text, { mode: 0o755 });
  const program = PROGRAMS.find((one) => one.name === name);
  assert.ok(program);
  return (await prove(program, path, folder.path, timeoutMs)).problem;
}

const WRONG = [
  ["prints another version", "echo deno 2.9.6", /printed "deno 2.9.6" instead of "htclient /],
  ["prints nothing", "exit 0", /'htclient --version' printed nothing instead of/],
  ["fails", "echo no such thing >&2; exit 3", /ended with exit code 3, after "no such thing"/],
  ["crashes", "kill -SEGV $$", /ended with SIGSEGV/],
  ["prints without end", "while :; do echo yyyyyyyyyyyyyyyyyyyyyy; done", /more than 64 KiB/],
] as const;

for (const [what, script, expected] of WRONG) {
  Deno.test(`fault: a build proves what it made: an executable that ${what}`, async () => {
    assert.match(await problemOf("htclient", script) ?? "", expected);
  });
}

Deno.test("fault: a build proves what it made: an executable that hangs", async () => {
  const problem = await problemOf("htclient", "exec sleep 1000", SHORT_MS);
  assert.match(problem ?? "", /SIGKILL, because it took longer than 0.3 s/);
});

Deno.test("fault: a build proves what it made: a file that cannot be started", async () => {
  const htclient = PROGRAMS.find(({ name }) => name === "htclient");
  assert.ok(htclient);
  const { problem } = await prove(htclient, "/no/such/file", "/no/such/folder");
  assert.match(problem ?? "", /'htclient --version' cannot be started: /);
});

Deno.test("an executable that works has no problem", async () => {
  assert.equal(await problemOf("htclient", GOOD_VERSION), undefined);
  assert.equal(await problemOf("htserver", server(HELLO)), undefined);
});

const WRONG_SERVERS = [
  ["does not listen", `${GOOD_VERSION}\nexit 1`, /'htserver' ended with exit code 1/],
  ["prints something else", `${GOOD_VERSION}\necho hi; exec sleep 1000`, /printed "hi" instead/],
  ["replies with an error", server('{ status: "ERROR" }'), /replied to hello with "{/],
  [
    "fails at its end",
    server(HELLO, "Deno.exit(5)"),
    /'htserver' ended with exit code 5 when sent SIGTERM/,
  ],
] as const;

for (const [what, script, expected] of WRONG_SERVERS) {
  Deno.test(`fault: a build proves what it made: a server that ${what}`, async () => {
    assert.match(await problemOf("htserver", script) ?? "", expected);
  });
}
