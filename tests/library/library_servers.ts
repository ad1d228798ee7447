/** The servers that `example.ts` uses, and the report that it must return. */
import assert from "assert";
import { ListingCatalog } from "../client/listing_catalog.ts";
import { Certificates } from "../helpers/certificates.ts";
import { startServer, type TestServer } from "../helpers/server.ts";
import type { Servers } from "./example.ts";

const TOKEN = "the-secret-token";

/** One server with TLS and one without, and a catalog. */
export class LibraryServers implements AsyncDisposable {
  readonly facts: Servers;
  readonly #all: readonly AsyncDisposable[];

  private constructor(facts: Servers, all: readonly AsyncDisposable[]) {
    this.facts = facts;
    this.#all = all;
  }

  static async start(): Promise<LibraryServers> {
    await using certificates = await Certificates.inFolder();
    const own = await certificates.selfSigned(["IP:127.0.0.1"]);
    const other = await certificates.selfSigned(["IP:127.0.0.1"]);
    const plain: TestServer = startServer();
    const tls = startServer({ tls: own }, TOKEN);
    const catalog = new ListingCatalog();
    catalog.records = [{ project: "test-a4", port: plain.port }];
    return new LibraryServers({
      plain: plain.target,
      tls: tls.target,
      token: TOKEN,
      ca: own.cert,
      otherCa: other.cert,
      name: "test-a4",
      catalog: `127.0.0.1:${catalog.address.port}`,
      nothing: "127.0.0.1:1",
    }, [plain, tls, catalog]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((one) => one[Symbol.asyncDispose]()));
  }
}

/** Checks the result of `useLibrary`. */
export function assertUses(result: unknown): void {
  assert.deepEqual(result, {
    value: { weight: 100, name: "fred" },
    number: "12345678901234567890",
    hasTable: true,
    parts: ["number", "zebra"],
    areLongsWhole: true,
    sizeByName: 5,
    isLongByTlsWhole: true,
    isKeyError: true,
    wrongCa: "--ca does not trust the issuer of its certificate",
    wrongName: 'its certificate must be for "localhost", and is not',
    noCa: "it requires TLS; use --ca with a file that has its certificate",
    noTls: "it does not speak TLS, and --ca is for servers that do",
    isNotFound: true,
  });
}
