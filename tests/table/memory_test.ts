/**
 * Proves that the table's counted bytes are the memory that it takes. Otherwise the process would run out
 * of memory before `--max-memory` rejects an insert (I5).
 */
import assert from "assert";
import { measured } from "./heap.ts";

const permissions = { run: true, read: true, env: true };

/** Code that fills tables without garbage, and reads the memory of the process in bytes. */
const TABLE = `
  const residentBytes = () => (gc(), gc(), Deno.memoryUsage().rss);
  const key = { bytes: new Uint8Array(10), start: 0, end: 10 };
  const value = { bytes: new Uint8Array(5e7).fill(120), start: 0, end: 0 };
  const find = (table, i) => {
    for (let at = 9; at >= 0; at--, i = i / 10 | 0) key.bytes[at] = 48 + i % 10;
    return table.find(table.hashOf(key.bytes, 0, 10), key.bytes, 0, 10);
  };
  const insert = (table, i, valueBytes) => {
    const address = find(table, i);
    value.end = valueBytes;
    table.set(address, table.hashOf(key.bytes, 0, 10), key, value);
  };
  const remove = (table, i) => {
    const address = find(table, i);
    if (address !== 0) table.remove(address, table.hashOf(key.bytes, 0, 10));
  };`;

const IMPORTS = `
  import { LineFramer } from "lib/bytes/line_framer.ts";
  import { HashTable } from "lib/table/hash_table.ts";`;

/** Ways to fill a table with about 100 MB times \`part\`. */
const FILLED: Record<string, string> = {
  "many small pairs": "for (let i = 0; i < 1.2e6 * part; i++) insert(table, i, 32);",
  "values of some thousand bytes":
    "for (let i = 0; i < 2e4 * part; i++) insert(table, i, i * 7_919 % 1e4);",
  "values of a million bytes": "for (let i = 0; i < 100 * part; i++) insert(table, i, 1e6);",
  "values beyond a segment": "for (let i = 0; i < 3 * part; i++) insert(table, i, 4e7);",
  "values that are replaced by ones of other sizes": `
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 2e4 * part; i++) insert(table, i, (i + round * 17) * 7_919 % 1e4);
    }`,
  "keys that are inserted and removed": `
    for (let i = 0; i < 1e6 * part; i++) {
      insert(table, i, i * 7_919 % 61);
      if (i >= 5e5 * part) remove(table, i * 7_919 % (5e5 * part));
    }`,
};

for (const [what, code] of Object.entries(FILLED)) {
  Deno.test(
    { name: `memory: the table takes the bytes that it counts for ${what}`, permissions },
    async () => {
      const ratio = await measured(
        IMPORTS,
        `${TABLE}
      const fill = (table, part) => { ${code} };
      // Now the code is compiled. The garbage collector must not collect this table yet.
      const small = new HashTable();
      fill(small, 0.05);
      const residentBefore = residentBytes();
      const table = new HashTable();
      fill(table, 1);
      const ratio = (residentBytes() - residentBefore) / table.bytes;
      console.log(small.size > 0 && ratio);`,
      );
      assert.ok(ratio > 0.85 && ratio < 1.1, `${ratio.toFixed(2)} times`);
    },
  );
}

Deno.test({ name: "memory: a table releases its memory", permissions }, async () => {
  const bytesAfter = await measured(
    IMPORTS,
    `${TABLE}
    const residentBefore = residentBytes();
    const table = new HashTable();
    for (let i = 0; i < 150; i++) insert(table, i, 1e6);
    for (let i = 0; i < 150; i++) remove(table, i);
    console.log(residentBytes() - residentBefore);`,
  );
  assert.ok(bytesAfter < 25e6, `${bytesAfter} bytes`);
});

Deno.test(
  { name: "memory: the untouched part of a segment costs nothing", permissions },
  async () => {
    const bytesEach = await measured(
      IMPORTS,
      `${TABLE}
    insert(new HashTable(), 0, 10);
    const residentBefore = residentBytes();
    const tables = Array.from({ length: 20 }, () => new HashTable());
    for (const table of tables) insert(table, 0, 10);
    console.log((residentBytes() - residentBefore) / tables.length);`,
    );
    assert.ok(bytesEach < 1e6, `${bytesEach} bytes`);
  },
);

Deno.test(
  { name: "memory: a connection releases the memory of a large line", permissions },
  async () => {
    const bytesAfter = await measured(
      IMPORTS,
      `const framers = Array.from({ length: 50 }, () => new LineFramer(1e9));
    const first = new LineFramer(1e9); // allocates the retained segment
    first.push(new Uint8Array(1_000_000).fill(97));
    first.next();
    first.clear();
    const externalBefore = Deno.memoryUsage().external;
    for (const framer of framers) {
      framer.push(new Uint8Array(1_000_000).fill(97));
      framer.next();
      framer.push(new Uint8Array([97, 10]));
      framer.next();
      framer.next();
      framer.release();
    }
    heapGrown();
    console.log((Deno.memoryUsage().external - externalBefore) / framers.length);`,
    );
    assert.ok(bytesAfter < 200_000, `${bytesAfter} bytes for each connection`);
  },
);
