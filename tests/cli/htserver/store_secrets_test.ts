/** Proves the sources of a store's password and certificates. */
import assert from "assert";
import { readStoreSecrets } from "../../../lib/cli/htserver/store_secrets.ts";
import type { StoreConfig } from "../../../lib/config/store_config.ts";
import { testWithCertificates } from "../../helpers/certificates.ts";
import { TempFolder } from "../../helpers/folders.ts";

const STORE: StoreConfig = {
  kind: "cluster",
  addresses: [{ hostname: "a", port: 6_379 }],
  isTls: true,
  user: undefined,
  needsReplicas: true,
  hasFencedReads: false,
  passwordFile: undefined,
  caFile: undefined,
};

const VARIABLE = "HTSERVER_STORE_PASSWORD";

Deno.test("store_secrets: the password is in the environment, or in a file, which comes first", async () => {
  await using folder = await TempFolder.make();
  const before = Deno.env.get(VARIABLE);
  try {
    Deno.env.delete(VARIABLE);
    const warnings: string[] = [];
    const read = async (passwordFile?: string) =>
      (await readStoreSecrets({ ...STORE, passwordFile }, (text) => warnings.push(text))).password;
    assert.equal(await read(), undefined);
    Deno.env.set(VARIABLE, "");
    assert.equal(await read(), undefined);
    Deno.env.set(VARIABLE, " from environment ");
    assert.equal(await read(), " from environment ");
    const file = `${folder.path}/password`;
    await Deno.writeTextFile(file, "x\n", { mode: 0o600 });
    assert.equal(await read(file), "x");
    assert.deepEqual(warnings, []);
    await Deno.chmod(file, 0o644);
    await read(file);
    assert.match(warnings.join(), /The password of the store in '.*' can be read by other users/);
    await Deno.writeTextFile(file, " \n");
    await assert.rejects(read(file), { exitCode: 2, message: /is empty/ });
    const missing = { exitCode: 1, message: /Cannot read the password of the store from .*none/ };
    await assert.rejects(read(`${folder.path}/none`), missing);
  } finally {
    if (before === undefined) Deno.env.delete(VARIABLE);
    else Deno.env.set(VARIABLE, before);
  }
});

testWithCertificates("store_secrets: the certificates are PEM text", async (certificates) => {
  const { certFile, cert } = await certificates.selfSigned(["DNS:a"], true);
  const read = (caFile: string) => readStoreSecrets({ ...STORE, caFile }, () => {});
  assert.equal((await read(certFile)).ca, cert);
  const noCertificate = await certificates.file("none", "nothing");
  await assert.rejects(read(noCertificate), { exitCode: 2, message: /no certificate/ });
});
