/**
 * Proves that kept strings keep nothing else alive and cost what is reckoned. The memory tests
 * measure V8's heap in a process of their own, whose garbage collector can be called.
 */
import assert from "assert";
import fc from "fast-check";
import { isLatin1, ownedString, stringBytes } from "../../lib/base/owned_string.ts";
import { measured } from "../helpers/heap.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name: `owned_string: ${name}`, permissions: "none", fn });
}

test("a copy has the same characters, whatever it was cut from", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.boolean(), (text, flag) => {
      assert.equal(ownedString(text, flag), text);
    }),
  );
  const latin1 = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
  for (const length of [0, 1, 12, 13, 14, 1_000_000]) {
    for (const unit of ["\ud800x\u0000", "\ufeff\u4e2d", latin1]) {
      const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
      for (const flag of [true, false]) assert.equal(ownedString(text, flag), text);
    }
  }
});

test("isLatin1() is true up to U+00FF", () => {
  for (const text of ["", "abc", "\u0000\u00ff"]) assert.equal(isLatin1(text), true);
  for (const text of ["\u0100", "abc\u4e2d", "\ud800"]) assert.equal(isLatin1(text), false);
});

test("stringBytes() counts one byte a character in Latin-1 and two beyond it", () => {
  const header = stringBytes("");
  assert.ok(header >= 12 && header <= 24);
  assert.equal(stringBytes("x".repeat(100)), header + 100);
  assert.equal(stringBytes("\u00ff".repeat(100)), header + 100);
  assert.equal(stringBytes("x".repeat(99) + "\u0100"), header + 200);
  assert.equal(stringBytes("\u{1f600}"), header + 4);
});

Deno.test({
  name: "owned_string: 20,000 kept pieces do not keep the large texts that they were cut from",
  permissions: { run: true, read: true, env: true },
  async fn() {
    const grownBytes = await measured(
      'import { ownedString } from "lib/base/owned_string.ts";',
      `const kept = [];
      for (let i = 0; i < 20_000; i++) {
        const text = new TextDecoder().decode(new TextEncoder().encode("x".repeat(10_000) + i));
        kept.push(ownedString(text.slice(9_960, 10_000), true));
      }
      console.log(heapGrown() + 0 * kept.length);`,
    );
    // 20,000 texts of 10 KB would be 200 MB, the pieces alone are about 1.3 MB.
    assert.ok(grownBytes > 500_000 && grownBytes < 20_000_000, `${grownBytes} bytes`);
  },
});

Deno.test({
  name: "owned_string: pieces cost what stringBytes() reckons, also out of a text beyond Latin-1",
  permissions: { run: true, read: true, env: true },
  async fn() {
    const ratio = await measured(
      'import { isLatin1, ownedString, stringBytes } from "lib/base/owned_string.ts";',
      `const kept = [];
      let reckoned = 0;
      for (let i = 0; i < 2_000; i++) {
        const text = new TextDecoder().decode(new TextEncoder().encode("\\u4e2d" + "x".repeat(5_000)));
        const piece = ownedString(text.slice(1), false);
        reckoned += stringBytes(piece);
        kept.push(piece);
      }
      console.log(heapGrown() / reckoned + 0 * kept.length);`,
    );
    assert.ok(ratio < 1.3, `${ratio.toFixed(2)} times what was reckoned`);
  },
});
