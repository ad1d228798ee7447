/** Proves that a connection's cursors are bounded, and that the oldest one is replaced. */
import assert from "assert";
import { Cursors } from "../../lib/commands/cursors.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("cursors");

const digest = 5;

test("an open cursor is found until it is closed", () => {
  const cursors = new Cursors();
  const name = cursors.open({ digest, slot: 7 });
  assert.deepEqual(cursors.find(name), { digest, slot: 7 });
  assert.deepEqual(cursors.find(name), { digest, slot: 7 });
  cursors.close(name);
  assert.equal(cursors.find(name), undefined);
  cursors.close(name);
});

test("names are not used again", () => {
  const cursors = new Cursors();
  const names = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const name = cursors.open({ digest, slot: i });
    names.add(name);
    if (i % 3 === 0) cursors.close(name);
  }
  assert.equal(names.size, 100);
});

test("the oldest one is replaced beyond the bound", () => {
  const cursors = new Cursors(2);
  const names = Array.from({ length: 3 }, (_, slot) => cursors.open({ digest, slot }));
  assert.deepEqual(names.map((name) => cursors.find(name)?.slot), [undefined, 1, 2]);
});

test("unknown names are not found", () => {
  const cursors = new Cursors();
  cursors.open({ digest, slot: 1 });
  for (const name of ["", "c", "c0", "__proto__", "constructor", "C1"]) {
    assert.equal(cursors.find(name), undefined);
  }
});
