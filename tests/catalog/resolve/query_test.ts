/** Tests queries to catalogs that work, fail, or send hostile replies. */
import assert from "assert";
import type { Address } from "../../../lib/base/address.ts";
import { unixSeconds } from "../../../lib/base/clock.ts";
import { CatalogQueryError, queryCatalog } from "../../../lib/catalog/resolve/query.ts";
import { RawClient } from "../../../bench/harness/raw_client.ts";
import { stoppedClock } from "../../perf/stopped_clock.ts";
import { isStale } from "../../../lib/catalog/record/server_record.ts";

const never = new AbortController().signal;

/** A server that sends fixed bytes to each client, and then closes the connection or stays silent. */
class FixedReplies implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #open: Deno.Conn[] = [];
  readonly #serving: Promise<void>;
  readonly address: Address;
  /** Number of connections so far. */
  connections = 0;

  /** @param replies one for each connection; the last one repeats */
  constructor(replies: string | readonly string[], closes = true, port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.address = { hostname: "127.0.0.1", port: this.#listener.addr.port };
    this.#serving = this.#serve([replies].flat(), closes);
  }

  async #serve(replies: readonly string[], closes: boolean): Promise<void> {
    for await (const connection of this.#listener) {
      await connection.read(new Uint8Array(4_096));
      const reply = replies[this.connections++] ?? replies.at(-1) ?? "";
      await new RawClient(connection).send(reply).catch(() => {}); // the client may close it
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

/** No pause between attempts. */
const pause = () => Promise.resolve(true);

async function reason(address: Address, timeoutMs = 5_000, signal = never): Promise<string> {
  try {
    await queryCatalog(address, signal, undefined, { timeoutMs, pause });
  } catch (error) {
    assert.ok(error instanceof CatalogQueryError, String(error));
    return error.message;
  }
  return "none";
}

const RECORD =
  '{"type":"hashtable","project":"p","port":1,"address":"192.0.2.1","lastheardfrom":9e9}';

const GOOD = `HTTP/1.1 200 OK\n\n[\n${RECORD}\n]\n`;

Deno.test("catalog query: reads a reply without a length and with LF only, as cctools sends it", async () => {
  await using catalog = new FixedReplies(`HTTP/1.1 200 OK\nConnection: close\n\n[\n${RECORD}\n]\n`);
  const [record] = await queryCatalog(catalog.address, never);
  assert.equal(record?.project, "p");
});

Deno.test("catalog query: a truncated reply and an error status are not listings", async () => {
  await using cut = new FixedReplies(`HTTP/1.1 200 OK\n\n[\n${RECORD}`);
  assert.match(await reason(cut.address), /truncated/);
  await using missing = new FixedReplies("HTTP/1.1 404 Not Found\n\nno");
  assert.match(await reason(missing.address), /HTTP status 404/);
});

Deno.test("fault: small: the runtime's own words: a failed query has a reason in plain words", async () => {
  assert.equal(await reason({ hostname: "127.0.0.1", port: 1 }), "nothing listens there");
  await using silent = new FixedReplies("HTTP/1.1 200 OK\n\n[", false);
  assert.equal(await reason(silent.address, 50), "no answer within 0.05 s");
  assert.equal(await reason(silent.address, 5_000, AbortSignal.abort()), "canceled");
});

Deno.test("catalog query: an endless reply ends at its bound", async () => {
  await using endless = new FixedReplies("HTTP/1.1 200 OK\n\n[" + " ".repeat(33_000_000));
  assert.match(await reason(endless.address, 20_000), /longer than 32000000 bytes/);
});

/** Replies of a hostile catalog, in place of a listing with `RECORD`. */
const HOSTILE: Readonly<Record<string, string>> = {
  "an error status": `HTTP/1.1 500 No\n\n[${RECORD}]`,
  "a redirect to this machine": "HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/\n\n",
  "another version": `HTTP/2.0 200 OK\n\n[${RECORD}]`,
  "bytes that are not HTTP": "\0\0\0\u0016\u0003\u0001",
  "endless headers": "HTTP/1.1 200 OK\n" + "X: y\n".repeat(500_000),
  "one endless header": "HTTP/1.1 200 OK\nX: " + "y".repeat(5_000_000),
  "a length that is too large": `HTTP/1.1 200 OK\nContent-Length: 900\n\n[${RECORD}`,
  "a length that is not a number": `HTTP/1.1 200 OK\nContent-Length: x\n\n[${RECORD}]`,
  "bad chunks": `HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nzz\n[${RECORD}]`,
  "bad gzip": `HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n[${RECORD}]`,
  "terminal codes": "HTTP/1.1 200 \u001b[31m\n\n\u001b]0;x\u0007",
};

for (const [title, bytes] of Object.entries(HOSTILE)) {
  Deno.test(`catalog query: ${title}: not a listing, with a reason in ASCII`, async () => {
    await using catalog = new FixedReplies(bytes);
    const why = await reason(catalog.address, 20_000);
    assert.notEqual(why, "none");
    assert.match(why, /^[\x20-\x7e]{1,200}$/);
  });
}

Deno.test("catalog query: a redirect is not followed", async () => {
  await using other = new FixedReplies(GOOD);
  for (const status of [301, 302, 303, 307, 308]) {
    const { hostname, port } = other.address;
    await using catalog = new FixedReplies(
      `HTTP/1.1 ${status} Moved\nLocation: http://${hostname}:${port}/query.json\n\n`,
    );
    assert.notEqual(await reason(catalog.address), "none", `${status}`);
  }
});

Deno.test("catalog query: a bad, old or future date makes no record stale", async () => {
  for (const date of ["x GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"]) {
    await using catalog = new FixedReplies(`HTTP/1.1 200 OK\nDate: ${date}\n\n[${RECORD}]`);
    const [record] = await queryCatalog(catalog.address, never);
    assert.ok(record && !isStale(record, unixSeconds()), date);
  }
});

Deno.test("catalog query: endless chunks and an incomplete head time out", async () => {
  await using endless = new FixedReplies(
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\r\n[\r\n" + "1\r\n \r\n".repeat(10_000),
    false,
  );
  assert.match(await reason(endless.address, 200), /no answer within/);
  await using incomplete = new FixedReplies("HTTP/1.1 200 O", false);
  assert.match(await reason(incomplete.address, 50), /no answer within/);
});

Deno.test("catalog query: a compressed reply is rejected before it is inflated", async () => {
  await using catalog = new FixedReplies(
    `HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 100\n\n${"x".repeat(100)}`,
  );
  assert.equal(
    await reason(catalog.address),
    "its reply is compressed, although the request did not allow it",
  );
});

Deno.test("fault: `fetch` has a browser's rules: a catalog on a port that browsers reject is read", async () => {
  const ports = [6_000, 6_667, 10_080, 2_049, 5_060, 6_566, 6_665, 6_697, 4_190, 4_045];
  for (const port of ports) {
    try {
      await using catalog = new FixedReplies(GOOD, true, port);
      assert.equal((await queryCatalog(catalog.address, never)).length, 1);
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  assert.fail("none of these ports is free");
});

Deno.test("fault: many clients look up at once: a query to a busy catalog is repeated", async () => {
  const busy = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\n\r\n";
  const truncated = `HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n[`;
  await using catalog = new FixedReplies([busy, "", truncated, "HTTP/1.1 200 OK\n\n[", busy, GOOD]);
  const pauses: number[] = [];
  const records = await queryCatalog(catalog.address, never, undefined, {
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve(true);
    },
  });
  assert.equal(records.length, 1);
  assert.equal(pauses.length, 5);
  const [first = 0, second = 0, third = 0] = pauses;
  assert.ok(first >= 3_050 && first <= 3_150, `Retry-After and a short pause: ${first}`);
  assert.ok(second >= 100 && second <= 300, `${second}`);
  assert.ok(third >= 200 && third <= 600, `${third}`);
});

Deno.test("catalog query: fails if a catalog never completes a reply, or is busy for too long", async () => {
  await using closing = new FixedReplies("");
  assert.match(await reason(closing.address), /closed the connection before/);
  assert.equal(closing.connections, 5);
  await using busy = new FixedReplies("HTTP/1.1 503 No\r\nRetry-After: 999999\r\n\r\n");
  using clock = stoppedClock();
  await assert.rejects(
    queryCatalog(busy.address, never, undefined, {
      pause: (ms) => {
        assert.ok(ms < 10_000, "a catalog must not stop its clients for long");
        clock.advance(ms);
        return Promise.resolve(true);
      },
    }),
    /it is busy/,
  );
});
