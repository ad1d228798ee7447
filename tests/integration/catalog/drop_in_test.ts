/** Tests htcatalog in place of catalog_server of cctools: the same replies, byte for byte. */
import assert from "assert";
import { sleep } from "../../../lib/base/clock.ts";
import { sendUpdates } from "../../catalog/catalog_client.ts";
import { CctoolsCatalog } from "./catalog_process.ts";
import { testWith } from "../../helpers/needs.ts";
import { fromSource, PATIENCE_MS, Program } from "../../../bench/harness/program.ts";
import { type Random, randomFrom, seedFor } from "../../../bench/harness/random.ts";
import { NOT_FOUND, RECORDS, REQUESTS } from "./drop_in_cases.ts";
import { FILTERS } from "./drop_in_filters.ts";

const RANDOM_FILTERS = 150;

const CSP = "Content-Security-Policy: default-src 'none'; style-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'\n";
const PAGE_HEADERS = CSP + "X-Content-Type-Options: nosniff\nReferrer-Policy: no-referrer\n" +
  "Cache-Control: no-store\n";

const requestFor = (filter: string) => `GET /query/${btoa(filter)} HTTP/1.0\r\n\r\n`;

/** Reads all bytes of a reply, one in each character, and masks times. */
async function reply(port: number, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(Uint8Array.from(request, (char) => char.charCodeAt(0)));
  const bytes = new Uint8Array(1_000_000);
  let length = 0;
  for (let count; (count = await connection.read(bytes.subarray(length))) !== null;) {
    length += count;
  }
  return Array.from(bytes.subarray(0, length), (byte) => String.fromCharCode(byte)).join("")
    .replace(/\nDate: [^\n]*/, "\nDate: x")
    .replace(/("?lastheardfrom"?[: ])\d+/g, "$1x");
}

/** Sends each record to all ports, from an address of its own. */
async function send(records: readonly string[], ...ports: readonly number[]): Promise<void> {
  for (const [at, record] of records.entries()) {
    for (const port of ports) await sendUpdates(port, [record], `127.0.0.${2 + at * 4}`);
  }
}

async function untilListed(port: number, count: number): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS;;) {
    const listing = await reply(port, "GET /query.json HTTP/1.0\r\n\r\n");
    if (listing.split("lastheardfrom").length - 1 === count) return;
    assert.ok(performance.now() < endMs, listing);
    await sleep(20);
  }
}

const OPERATORS = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", " and ", " or "];
const ATOMS = ["true", "null", "1", "2", "-1", "1.5", "0", '"a"', "port", "arr", "o", "t", "nul"];
const MORE_ATOMS = ["m", "d", "missing", "str", "e", "third", "objs", "project"];
const NAMES = ["len", "join", "keys", "values", "items", "floor", "ceil", "basename", "dirname"];
const MORE_NAMES = ["select", "project", "format", "nosuch"];
const WORDS = ["(", ")", "[", "]", "{", "}", ",", ":", "not", "for", "in", "if", "error", ";", "."];

/** Makes an expression of a random kind; some are not valid. */
function randomFilter(random: Random, depth: number): string {
  const pick = (list: readonly string[]) => list[random.below(list.length)] ?? "";
  const inner = () => randomFilter(random, depth - 1);
  const kind = random.below(100) / 100;
  if (depth <= 0 || kind < 0.25) return pick([...ATOMS, ...MORE_ATOMS]);
  if (kind < 0.7) return inner() + pick(OPERATORS) + inner();
  if (kind < 0.75) return pick(["not ", "-", "+", "!"]) + inner();
  if (kind < 0.8) return `[${inner()},${inner()}]`;
  if (kind < 0.84) {
    return `${pick(["arr", "str", "o"])}[${pick([inner(), `:${inner()}`, `${inner()}:`])}]`;
  }
  if (kind < 0.88) return `[${inner()} for port in ${pick(["arr", "[1,2]", "str"])} if ${inner()}]`;
  if (kind < 0.94) {
    return `${pick([...NAMES, ...MORE_NAMES])}(${inner()}${pick(["", `,${inner()}`])})`;
  }
  return Array.from({ length: 4 }, () => pick([...WORDS, ...OPERATORS, ...ATOMS])).join(" ");
}

testWith(
  ["catalog_server"],
  "fault: htcatalog is not a drop-in: every reply has the same bytes as that of catalog_server",
  async (test) => {
    await using real = await CctoolsCatalog.start();
    await using ours = new Program(fromSource("catalog.ts", "--host", "127.0.0.1", "--port", "0"));
    const ports = [real.port, await ours.port()] as const;
    await send(RECORDS, ...ports);
    for (const port of ports) await untilListed(port, RECORDS.length);
    const both = async (request: string) =>
      await Promise.all(ports.map(async (port) => await reply(port, request)));

    await test.step("records, filters and bad filters", async () => {
      const filters = FILTERS.map((filter) => [filter, requestFor(filter)] as const);
      for (const [label, request] of [...REQUESTS.map((one) => [one, one] as const), ...filters]) {
        const [theirs, answer] = await both(request);
        assert.equal(answer, theirs, label);
      }
    });

    await test.step("unknown paths: their page also has headers that forbid scripts", async () => {
      for (const request of NOT_FOUND) {
        const [theirs, answer] = await both(request);
        assert.equal(answer?.replace(PAGE_HEADERS, ""), theirs, request);
        assert.ok(answer?.includes(PAGE_HEADERS), request);
      }
    });

    await test.step("random filters", async () => {
      const random = randomFrom(seedFor("drop-in filters"));
      for (let count = 0; count < RANDOM_FILTERS; count++) {
        const filter = randomFilter(random, 1 + count % 4);
        const [theirs, answer] = await both(requestFor(filter));
        // The process of catalog_server may crash, for example at 5 % 0.5, and then sends no reply.
        if (/[\].]\n$/.test(theirs ?? "")) assert.equal(answer, theirs, filter);
      }
    });

    await test.step("the differences that docs/CATALOG.md lists", async () => {
      const [theirs = "", head] = await both("HEAD /query.json HTTP/1.1\r\n\r\n");
      assert.equal(head, theirs.slice(0, theirs.indexOf("\n\n") + 2), "HEAD");
      const long = `GET /query.json HTTP/1.1\r\nX: ${"x".repeat(3_000)}\r\n\r\n`;
      for (
        const [request, status] of [["GET /query.json\r\n\r\n", "400"], [
          "\r\nGET / HTTP/1.1\r\n\r\n",
          "400",
        ], [long, "200"]]
      ) {
        const [silence, answer] = await both(request ?? "");
        assert.equal(silence, "");
        assert.equal(answer?.slice(9, 12), status);
      }
      const filter = requestFor("schema(objs)==1");
      assert.deepEqual((await both(filter)).map((answer) => answer?.slice(9, 12)), ["200", "400"]);
      const [, page] = await both("GET /<script> HTTP/1.1\r\n\r\n");
      assert.equal(page?.includes("<script>"), false);
      await send([
        String.raw`{"port":9,"s":"it's \n","port":10,"address":"6.6.6.6","u":18446744073709551615}`,
      ], ...ports);
      for (const port of ports) await untilListed(port, RECORDS.length + 1);
      const [theirListing = "", ourListing = ""] = await both("GET /query.json HTTP/1.1\r\n\r\n");
      assert.ok(
        theirListing.includes(
          String
            .raw`"port":9,"s":"it\'s \n","port":10,"address":"6.6.6.6","u":9223372036854775807}`,
        ),
      );
      assert.ok(ourListing.includes(`"port":9,"s":"it's ?","u":18446744073709551615}`));
    });
  },
);
