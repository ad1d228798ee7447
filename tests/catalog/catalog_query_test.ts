import assert from "assert";
import type { Address } from "../../lib/base/address.ts";
import { CatalogQueryError, queryCatalog } from "../../lib/catalog/catalog_query.ts";

const never = new AbortController().signal;

/** A server that gives each client the same bytes, and then closes or stays silent. */
class Canned implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open: Deno.Conn[] = [];
  readonly #serving: Promise<void>;
  readonly address: Address = { hostname: "127.0.0.1", port: this.#listener.addr.port };

  constructor(bytes: string, closes = true) {
    this.#serving = this.#serve(new TextEncoder().encode(bytes), closes);
  }

  async #serve(bytes: Uint8Array, closes: boolean): Promise<void> {
    for await (const connection of this.#listener) {
      await connection.read(new Uint8Array(4_096));
      try {
        for (let done = 0; done < bytes.length;) {
          done += await connection.write(bytes.subarray(done));
        }
      } catch {
        // The client has had enough.
      }
      if (closes) connection.close();
      else this.#open.push(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
    await this.#serving;
  }
}

async function reason(address: Address, timeoutMs = 5_000, signal = never): Promise<string> {
  try {
    await queryCatalog(address, signal, timeoutMs);
  } catch (error) {
    assert.ok(error instanceof CatalogQueryError, String(error));
    return error.message;
  }
  return "none";
}

const RECORD =
  '{"type":"hashtable","project":"p","port":1,"address":"192.0.2.1","lastheardfrom":9e9}';

Deno.test("catalog query: reads a reply without a length and with LF only, as cctools gives it", async () => {
  await using catalog = new Canned(`HTTP/1.1 200 OK\nConnection: close\n\n[\n${RECORD}\n]\n`);
  const [record] = await queryCatalog(catalog.address, never);
  assert.equal(record?.project, "p");
});

Deno.test("catalog query: a reply that is cut off, an error status and a redirect are no listings", async () => {
  await using cut = new Canned(`HTTP/1.1 200 OK\n\n[\n${RECORD}`);
  assert.match(await reason(cut.address), /cut off/);
  await using missing = new Canned("HTTP/1.1 404 Not Found\n\nno");
  assert.match(await reason(missing.address), /HTTP status 404/);
  await using moved = new Canned("HTTP/1.1 302 Found\nLocation: http://192.0.2.1/\n\n");
  assert.notEqual(await reason(moved.address), "none");
});

Deno.test("catalog query: says why nobody answered", async () => {
  const catalog = new Canned("");
  await catalog[Symbol.asyncDispose]();
  assert.equal(await reason(catalog.address), "nobody listens there");
  await using silent = new Canned("HTTP/1.1 200 OK\n\n[", false);
  assert.equal(await reason(silent.address, 50), "no answer within 0.05 s");
  assert.equal(await reason(silent.address, 5_000, AbortSignal.abort()), "called off");
});

Deno.test("catalog query: a reply without end is given up at its bound", async () => {
  await using endless = new Canned("HTTP/1.1 200 OK\n\n[" + " ".repeat(33_000_000));
  assert.match(await reason(endless.address, 20_000), /longer than 32000000 bytes/);
});
