/**
 * A program that uses the library by its published name: type-checked and run by the tests, under Deno
 * and under Node.js.
 */
import {
  type ClientOptions,
  HtClient,
  HtError,
  type JsonText,
  KeyError,
  parseAddress,
  ServerNotFoundError,
  type TableIdentity,
  TlsError,
} from "@htserver/htserver";

/** The servers of the test. */
export interface Servers {
  /** HOST:PORT of a server without TLS. */
  readonly plain: string;
  /** HOST:PORT of a server with TLS and a token. */
  readonly tls: string;
  readonly token: string;
  /** PEM text of the certificate of `tls`. */
  readonly ca: string;
  /** PEM text of the certificate of another server with the same address. */
  readonly otherCa: string;
  /** The name of `plain` in the catalog. */
  readonly name: string;
  /** HOST:PORT of the catalog. */
  readonly catalog: string;
  /** HOST:PORT where nothing listens. */
  readonly nothing: string;
}

/** Uses the library, and returns the results for the test to compare. */
export async function useLibrary(servers: Servers): Promise<Record<string, unknown>> {
  const quick: ClientOptions = { timeoutMs: 5_000, localCatalogPort: null };
  const plain = await HtClient.connect(servers.plain, quick);
  await plain.insert("zebra", { weight: 100, name: "fred" });
  const value: unknown = await plain.lookup("zebra");
  await plain.insertText("number", "12345678901234567890");
  const number: JsonText = await plain.lookupText("number");
  const keyError = await errorOf(plain.lookup("none"));
  const table: TableIdentity | undefined = plain.table;
  const parts: string[] = [];
  for await (const [key] of plain.scanAll("", 1)) parts.push(key);
  const long = "x".repeat(3_000_000);
  await Promise.all(["a", "b", "c"].map((key) => plain.insert(key, long + key)));
  const longs = await plain.scan("^[abc]$");
  await plain.close();

  const catalog = parseAddress(servers.catalog);
  const catalogs = catalog === undefined ? [] : [catalog];
  const named = await HtClient.connect(servers.name, { ...quick, catalogs });
  const sizeByName = await named.size();
  await named.close();

  const options = { ...quick, token: servers.token, ca: servers.ca };
  const tls = await HtClient.connect(servers.tls, options);
  await tls.insert("long", long);
  const longByTls: unknown = await tls.lookup("long");
  await tls.close();
  return {
    value,
    number,
    hasTable: table !== undefined,
    parts: parts.sort(),
    areLongsWhole: longs.every(([key, text]) => text === long + key) && longs.length === 3,
    sizeByName,
    isLongByTlsWhole: longByTls === long,
    isKeyError: keyError instanceof KeyError && keyError.code === "KeyError",
    wrongCa: await tlsProblem(servers.tls, { ...options, ca: servers.otherCa }),
    wrongName: await tlsProblem(servers.tls.replace("127.0.0.1", "localhost"), options),
    noCa: await tlsProblem(servers.tls, quick),
    noTls: await tlsProblem(servers.plain, options),
    isNotFound: await errorOf(HtClient.connect(servers.nothing, { timeoutMs: 100 }))
      .then((error) => error instanceof ServerNotFoundError && !error.maybeExecuted),
  };
}

async function errorOf(call: Promise<unknown>): Promise<HtError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof HtError) return error;
    throw error;
  }
  throw new TypeError("The call succeeded");
}

/** The message of a TLS error, without the part that differs between runtimes. */
async function tlsProblem(target: string, options: ClientOptions): Promise<string> {
  const error = await errorOf(HtClient.connect(target, options));
  if (!(error instanceof TlsError)) throw error;
  return error.message.replace(/^.*?: /, "").replace(/ \(.*/, "");
}
