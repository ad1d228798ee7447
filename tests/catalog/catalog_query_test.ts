import assert from "assert";
import type { Address } from "../../lib/base/address.ts";
import { unixSeconds } from "../../lib/base/clock.ts";
import { CatalogQueryError, queryCatalog } from "../../lib/catalog/catalog_query.ts";
import { isStale } from "../../lib/catalog/listing.ts";

const never = new AbortController().signal;

/** A server that gives each client the same bytes, and then closes or stays silent. */
class Canned implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open: Deno.Conn[] = [];
  readonly #serving: Promise<void>;
  readonly address: Address = { hostname: "127.0.0.1", port: this.#listener.addr.port };

  constructor(bytes: string | Uint8Array, closes = true) {
    const sent = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    this.#serving = this.#serve(sent, closes);
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
    await queryCatalog(address, signal, undefined, timeoutMs);
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

/** What a hostile catalog sends, each in place of a listing that holds `RECORD`. */
const HOSTILE: Readonly<Record<string, string>> = {
  "an error status": `HTTP/1.1 500 No\n\n[${RECORD}]`,
  "a redirect to this machine": "HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/\n\n",
  "another version": `HTTP/2.0 200 OK\n\n[${RECORD}]`,
  "no HTTP": "\0\0\0\u0016\u0003\u0001",
  "headers without end": "HTTP/1.1 200 OK\n" + "X: y\n".repeat(500_000),
  "one endless header": "HTTP/1.1 200 OK\nX: " + "y".repeat(5_000_000),
  "a length that is not there": `HTTP/1.1 200 OK\nContent-Length: 900\n\n[${RECORD}`,
  "a length that is no number": `HTTP/1.1 200 OK\nContent-Length: x\n\n[${RECORD}]`,
  "chunks that are none": `HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nzz\n[${RECORD}]`,
  "gzip that is none": `HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n[${RECORD}]`,
  "terminal codes": "HTTP/1.1 200 \u001b[31m\n\n\u001b]0;x\u0007",
};

for (const [what, bytes] of Object.entries(HOSTILE)) {
  Deno.test(`catalog query: ${what} is no listing, and the reason is plain text`, async () => {
    await using catalog = new Canned(bytes);
    const why = await reason(catalog.address, 20_000);
    assert.notEqual(why, "none");
    assert.match(why, /^[\x20-\x7e]{1,200}$/);
  });
}

Deno.test("catalog query: a redirect is not followed", async () => {
  await using other = new Canned(`HTTP/1.1 200 OK\n\n[${RECORD}]`);
  for (const status of [301, 302, 303, 307, 308]) {
    const { hostname, port } = other.address;
    await using catalog = new Canned(
      `HTTP/1.1 ${status} Moved\nLocation: http://${hostname}:${port}/query.json\n\n`,
    );
    assert.notEqual(await reason(catalog.address), "none", `${status}`);
  }
});

Deno.test("catalog query: dates that are none, long ago or far ahead make no record stale", async () => {
  for (const date of ["x GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"]) {
    await using catalog = new Canned(`HTTP/1.1 200 OK\nDate: ${date}\n\n[${RECORD}]`);
    const [record] = await queryCatalog(catalog.address, never);
    assert.ok(record && !isStale(record, unixSeconds()), date);
  }
});

Deno.test("catalog query: chunks without end and a trickle end with the time", async () => {
  await using endless = new Canned(
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\r\n[\r\n" + "1\r\n \r\n".repeat(10_000),
    false,
  );
  assert.match(await reason(endless.address, 200), /no answer within/);
  await using trickle = new Canned("HTTP/1.1 200 O", false);
  assert.match(await reason(trickle.address, 50), /no answer within/);
});

Deno.test("catalog query: what inflates to more than a listing may have is given up", async () => {
  const bomb = new Blob([new Uint8Array(40_000_000).fill(32)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(bomb).arrayBuffer());
  assert.ok(bytes.length < 100_000);
  const head = `HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: ${bytes.length}\n\n`;
  await using catalog = new Canned(new Uint8Array([...new TextEncoder().encode(head), ...bytes]));
  assert.match(await reason(catalog.address, 20_000), /longer than 32000000 bytes/);
});
