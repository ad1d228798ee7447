/** Proves that a connection's cursors are bounded, and that the one not used for longest goes. */
import assert from "assert";
import { MAX_CURSORS } from "../../lib/base/limits.ts";
import { Cursors, type Search } from "../../lib/table/cursors.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `cursors: ${name}`, permissions: "none", fn });
}

const search: Search = { method: "scan", regex: "", pattern: { isFoundIn: () => true } };

test("one that is open is found until it is closed", () => {
  const cursors = new Cursors();
  const name = cursors.open({ search, slot: 7 });
  assert.deepEqual(cursors.find(name), { search, slot: 7 });
  assert.deepEqual(cursors.find(name), { search, slot: 7 });
  cursors.close(name);
  assert.equal(cursors.find(name), undefined);
  cursors.close(name);
});

test("names are never used again", () => {
  const cursors = new Cursors();
  const names = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const name = cursors.open({ search, slot: i });
    names.add(name);
    if (i % 3 === 0) cursors.close(name);
  }
  assert.equal(names.size, 100);
});

test("there may be 16, and the next one takes the place of the oldest", () => {
  assert.equal(MAX_CURSORS, 16);
  const cursors = new Cursors();
  const names = Array.from({ length: 17 }, (_, slot) => cursors.open({ search, slot }));
  const open = names.filter((name) => cursors.find(name) !== undefined);
  assert.deepEqual(open, names.slice(1));
});

test("names that were never given are not found", () => {
  const cursors = new Cursors();
  cursors.open({ search, slot: 1 });
  for (const name of ["", "c", "c0", "__proto__", "constructor", "C1"]) {
    assert.equal(cursors.find(name), undefined);
  }
});
