/** Proves the warnings about files that other users can read or write, and that the command repairs them. */
import assert from "assert";
import { createLog, silentLog } from "../../lib/base/log.ts";
import { warnAboutFileAccess } from "../../lib/cli/file_access.ts";
import { readCa, readTls } from "../../lib/cli/tls_files.ts";
import { readToken } from "../../lib/cli/token_file.ts";
import { Certificates, OPENSSL } from "../helpers/certificates.ts";
import { run } from "../integration/programs/isolated_process.ts";
import { TempFolder } from "../helpers/folders.ts";
import { testWith } from "../helpers/needs.ts";

type Kind = Parameters<typeof warnAboutFileAccess>[2];

async function warningsFor(path: string, kind: Kind): Promise<string[]> {
  const warnings: string[] = [];
  await warnAboutFileAccess(path, "The thing", kind, (sentence) => warnings.push(sentence));
  return warnings;
}

/** Modes of a file or folder, and the access of other users that is warned about. */
const CASES: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  secret: {
    "0600": "",
    "0400": "",
    "0640": "",
    "0644": "read",
    "0620": "written",
    "0666": "read and written",
  },
  trusted: { "0644": "", "0664": "written", "0666": "written" },
  table: {
    "0700": "",
    "0750": "",
    "0755": "read",
    "0711": "read",
    "0770": "written",
    "0777": "read and written",
    "1777": "read and written",
  },
};

for (const [kind, modes] of Object.entries(CASES) as [Kind, Record<string, string>][]) {
  Deno.test(`fault: files that others can read or write: ${kind}`, async () => {
    for (const name of ["plain", "it's a file", "-x"]) {
      await using folder = await TempFolder.make();
      const path = `${folder.path}/${name}`;
      if (kind === "table") await Deno.mkdir(path);
      else await Deno.writeTextFile(path, "");
      for (const [mode, does] of Object.entries(modes)) {
        await Deno.chmod(path, parseInt(mode, 8));
        const [warning = "", ...others] = await warningsFor(path, kind);
        assert.deepEqual(others, []);
        if (does === "") assert.equal(warning, "", mode);
        else {
          assert.ok(warning.includes(`can be ${does} by other users (mode ${mode})`), warning);
          const [, command = ""] = /: (chmod .*)$/.exec(warning) ?? [];
          assert.equal((await run("/bin/sh", ["-c", command])).code, 0, command);
          assert.deepEqual(await warningsFor(path, kind), [], command);
        }
      }
    }
  });
}

Deno.test("fault: files that others can read or write: the folder that a file is in", async () => {
  await using folder = await TempFolder.make();
  const path = `${folder.path}/token`;
  await Deno.writeTextFile(path, "", { mode: 0o600 });
  await Deno.chmod(folder.path, 0o777);
  const [warning = ""] = await warningsFor(path, "secret");
  assert.match(warning, /^The folder '.*', in which '.*' can be replaced, can be written by other/);
  await Deno.chmod(folder.path, 0o1777);
  assert.deepEqual(await warningsFor(path, "secret"), []);
  assert.deepEqual(await warningsFor(`${folder.path}/none`, "secret"), []);
});

testWith(
  OPENSSL,
  "fault: files that others can read or write: tokens, keys, certificates",
  async () => {
    await using folder = await TempFolder.make();
    const warnings: string[] = [];
    const warn = (sentence: string) => warnings.push(sentence);
    const token = `${folder.path}/token`;
    await Deno.writeTextFile(token, "12345678");
    await Deno.chmod(token, 0o666);
    assert.equal(await readToken(token, warn), "12345678");
    await using certificates = await Certificates.inFolder();
    const files = await certificates.selfSigned(["DNS:a"]);
    await Deno.chmod(files.keyFile, 0o644);
    await Deno.chmod(files.certFile, 0o666);
    await readTls(files, createLog({ write: warn }));
    await readCa(files.certFile, warn);
    const beginnings = [
      /^The token in .*mode 0666\): chmod 600 /,
      / warn: The TLS key in .*mode 0644\): chmod 600 /,
      / warn: The certificate in .*mode 0666\): chmod go-w /,
      /^The certificates in .*mode 0666\): chmod go-w /,
    ];
    assert.equal(warnings.length, beginnings.length, warnings.join("\n"));
    for (const [at, beginning] of beginnings.entries()) assert.match(warnings[at] ?? "", beginning);
    await Deno.chmod(files.keyFile, 0o600);
    await readTls(files, silentLog);
  },
);
