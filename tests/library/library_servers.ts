/** The servers that `example.ts` uses, and the report that it must return. */
import assert from "assert";
import { ListingCatalog } from "../client/listing_catalog.ts";
import { Certificates } from "../helpers/certificates.ts";
import { startServer } from "../helpers/server.ts";
import type { Servers } from "./example.ts";

const TOKEN = "the-secret-token";

/** Starts one server with TLS and one without, and a catalog. */
export async function startLibraryServers(): Promise<
  AsyncDisposable & { readonly facts: Servers }
> {
  await using certificates = await Certificates.inFolder();
  const own = await certificates.selfSigned(["IP:127.0.0.1"]);
  const other = await certificates.selfSigned(["IP:127.0.0.1"]);
  const plain = startServer();
  const tls = startServer({ tls: own }, TOKEN);
  const catalog = new ListingCatalog();
  catalog.records = [{ project: "test-a4", port: plain.port }];
  return {
    facts: {
      plain: plain.target,
      tls: tls.target,
      token: TOKEN,
      ca: own.cert,
      otherCa: other.cert,
      name: "test-a4",
      catalog: `127.0.0.1:${catalog.address.port}`,
      nothing: "127.0.0.1:1",
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([plain, tls, catalog].map((one) => one[Symbol.asyncDispose]()));
    },
  };
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
