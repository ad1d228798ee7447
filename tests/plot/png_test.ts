/** Proves the size of PNG pictures, and their texts on a machine without fonts. */
import assert from "assert";
import { renderPng } from "../../lib/plot/png.ts";
import { testsOf } from "../helpers/pure.ts";

// No font of this machine can be read.
const test = testsOf("png");

const MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function svgWith(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40">` +
    `<rect width="200" height="40" fill="white"/>${content}</svg>`;
}

function text(content: string, family = "sans-serif"): string {
  return svgWith(`<text x="5" y="25" font-family="${family}" font-size="16">${content}</text>`);
}

test("returns a PNG of twice the size of the SVG", async () => {
  const png = await renderPng(svgWith(""));
  assert.deepEqual([...png.slice(0, 8)], MAGIC);
  const header = new DataView(png.buffer, png.byteOffset);
  assert.equal(header.getUint32(16), 2 * 200);
  assert.equal(header.getUint32(20), 2 * 40);
});

test("draws texts of any font", async () => {
  const blank = await renderPng(text(""));
  const drawn = await renderPng(text("Throughput (1,000 requests/s)"));
  assert(drawn.length > 2 * blank.length, `${drawn.length} bytes against ${blank.length}`);
  assert.notDeepEqual(await renderPng(text("p99, ms")), await renderPng(text("p50, ms")));
  for (const family of ["monospace", "No Such Font"]) {
    assert.notDeepEqual(await renderPng(text("p99, ms", family)), blank, family);
  }
  const missing = await renderPng(text("\u{4e2d}")); // not Latin
  for (const letter of ["\u{b5}", "\u{d7}", "\u{e9}", "\u{2013}"]) {
    const png = await renderPng(text(letter));
    assert.notDeepEqual(png, blank, letter);
    assert.notDeepEqual(png, missing, letter);
  }
});

test("can be called several times at once", async () => {
  const [first, ...others] = await Promise.all(
    Array.from({ length: 8 }, () => renderPng(text("a"))),
  );
  for (const other of others) assert.deepEqual(other, first);
});

test("rejects a text that is not SVG", async () => {
  await assert.rejects(renderPng("no picture"));
});
