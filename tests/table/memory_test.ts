/**
 * Proves that what the table reckons is what it costs: otherwise the heap would end, and with it
 * the server, before `--max-memory` refuses an insert (I5).
 */
import assert from "assert";
import { measured } from "../helpers/heap.ts";

const IMPORTS = `
  import { decodeRequest } from "lib/protocol/decode_request.ts";
  import { LineFramer } from "lib/protocol/line_framer.ts";
  import { HashTable } from "lib/table/hash_table.ts";`;

/** Bytes of heap for each reckoned one, after the inserts of many chunks. */
function costOf(chunk: string): Promise<number> {
  return measured(
    IMPORTS,
    `const table = new HashTable();
    const framer = new LineFramer(1e9);
    const insert = (key, value) => JSON.stringify({ method: "insert", key, value }) + "\\n";
    for (let i = 0; i < 1_000; i++) {
      framer.push(new TextEncoder().encode(${chunk}));
      for (let line = framer.next(); line !== undefined; line = framer.next()) {
        const request = decodeRequest(line, 1e9);
        if (request.method === "insert") table.insert(request.key, request.value);
      }
    }
    console.log(heapGrown() / table.bytes);`,
  );
}

const WIDE = '"\\u4e2d"';

const CHUNKS: Record<string, string> = {
  "ASCII alone": 'insert("k" + i, "x".repeat(10_000))',
  "a key beyond Latin-1 with a value of ASCII": `insert(${WIDE} + i, "x".repeat(10_000))`,
  "an ASCII request in one chunk with one beyond Latin-1":
    `insert("k" + i, "x".repeat(10_000)) + insert("w", ${WIDE})`,
  "lines of ASCII and others in turn": `insert((i % 2 ? ${WIDE} : "k") + i, "x".repeat(10_000))`,
  "a value beyond Latin-1": `insert("k" + i, ${WIDE}.repeat(5_000))`,
  "small pieces of large lines": `insert("a key of many characters " + i, 1).slice(0, -2) +
    ',"ignored":"' + "y".repeat(10_000) + '"}\\n'`,
};

for (const [what, chunk] of Object.entries(CHUNKS)) {
  Deno.test({
    name: `memory: the table costs what it reckons for ${what}`,
    permissions: { run: true, read: true, env: true },
    async fn() {
      const ratio = await costOf(chunk);
      // A thousand small pairs hold more slack than pairs; their lines would be 70 times as large.
      assert.ok(ratio < (what.startsWith("small") ? 10 : 1.3), `${ratio.toFixed(2)} times`);
    },
  });
}

Deno.test({
  name: "memory: a connection gives back what a large line took",
  permissions: { run: true, read: true, env: true },
  async fn() {
    const keptBytes = await measured(
      IMPORTS,
      `const framers = Array.from({ length: 50 }, () => new LineFramer(1e9));
      const externalBefore = Deno.memoryUsage().external;
      for (const framer of framers) {
        framer.push(new Uint8Array(1_000_000).fill(97));
        framer.push(new Uint8Array([97, 10]));
        framer.next();
        framer.next();
      }
      heapGrown();
      console.log((Deno.memoryUsage().external - externalBefore) / framers.length);`,
    );
    assert.ok(keptBytes < 200_000, `${keptBytes} bytes for each connection`);
  },
});
