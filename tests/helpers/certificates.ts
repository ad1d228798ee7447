/** Certificates of one test: openssl makes them, and the end of the test removes them. */
import assert from "assert";
import { TempFolder } from "./folders.ts";
import { testWith } from "./needs.ts";
import { run } from "../../bench/harness/program.ts";

/** The program that tests of TLS need; see `testWith`. */
export const OPENSSL = ["openssl"] as const;

/** A certificate and its key, as files and as text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Makes certificates in a temporary folder. */
export class Certificates implements AsyncDisposable {
  readonly #folder: TempFolder;
  #count = 0;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
  }

  static async inFolder(): Promise<Certificates> {
    return new Certificates(await TempFolder.make());
  }

  /**
   * Makes a self-signed certificate.
   *
   * @param names hosts that it is valid for, for example `DNS:me-a4-x` or `IP:127.0.0.1`
   * @param isAuthority whether it may sign others (default: no)
   */
  selfSigned(names: readonly string[], isAuthority: boolean = false): Promise<Certificate> {
    return this.#made(names, isAuthority, []);
  }

  /** Makes a certificate that an authority signs. */
  signedBy(authority: Certificate, names: readonly string[]): Promise<Certificate> {
    const { certFile, keyFile } = authority;
    return this.#made(names, false, ["-CA", certFile, "-CAkey", keyFile]);
  }

  async #made(
    names: readonly string[],
    isAuthority: boolean,
    signer: readonly string[],
  ): Promise<Certificate> {
    const certFile = this.path(`${++this.#count}.crt`), keyFile = this.path(`${this.#count}.key`);
    const { code, stderr } = await run([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-nodes", "-days", "2", "-subj", `/CN=test ${this.#count}`],
      ...["-keyout", keyFile, "-out", certFile],
      ...["-addext", `subjectAltName=${names.join()}`],
      ...["-addext", `basicConstraints=critical,CA:${isAuthority ? "TRUE" : "FALSE"}`],
      ...signer,
    ]);
    assert.equal(code, 0, stderr);
    const [cert, key] = await Promise.all([certFile, keyFile].map((f) => Deno.readTextFile(f)));
    return { certFile, keyFile, cert: cert ?? "", key: key ?? "" };
  }

  /** A path in the temporary folder. */
  path(name: string): string {
    return `${this.#folder.path}/${name}`;
  }

  /** Writes a file to the temporary folder, and returns its path. */
  async file(name: string, text: string): Promise<string> {
    await Deno.writeTextFile(this.path(name), text);
    return this.path(name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#folder[Symbol.asyncDispose]();
  }
}

/** Registers a test that makes certificates; see `testWith`. */
export function testWithCertificates(
  name: string,
  fn: (certificates: Certificates) => Promise<void>,
): void {
  testWith(OPENSSL, name, async () => {
    await using certificates = await Certificates.inFolder();
    await fn(certificates);
  });
}
