/**
 * The renderer of SVG as PNG, with its own font: without a font, the library leaves out texts silently.
 *
 * Its imports are static, and programs import this module dynamically. A bundle copies the result of a
 * dynamic import into an object with a property for each byte, which takes 2 s for the library.
 */
import font from "@fontsource/inter/files/inter-latin-400-normal.woff2" with { type: "bytes" };
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import wasm from "@resvg/resvg-wasm/index_bg.wasm" with { type: "bytes" };

/** The family of the font file that is loaded below. */
const FONT_FAMILY = "Inter";

/** Pixels of the PNG for one pixel of the SVG: screens have small pixels. */
const ZOOM = 2;

/** Set by the first call: the library can be initialized only once. */
let loading: Promise<void> | undefined;

/**
 * Renders SVG as PNG. It reads no fonts or other files of the machine, so the same SVG results in the
 * same bytes on every machine. All texts are in Inter, even if the SVG names another font. Letters that are
 * not Latin are missing in it, and become boxes or nothing.
 *
 * @returns the content of a PNG file
 * @throws {Error} if the text is not SVG
 */
export async function renderPng(svg: string): Promise<Uint8Array> {
  loading ??= initWasm(wasm);
  await loading;
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: ZOOM },
    font: { fontBuffers: [font], defaultFontFamily: FONT_FAMILY, sansSerifFamily: FONT_FAMILY },
  });
  try {
    const image = resvg.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    resvg.free();
  }
}
