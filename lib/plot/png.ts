/** The PNG of an SVG picture, with its own font: without a font, the library leaves out texts silently. */

/** The family of the font file that is loaded below. */
const FONT_FAMILY = "Inter";

/** How to render. */
export interface PngOptions {
  /** Pixels of the PNG for one pixel of the SVG (default: 2, for screens with small pixels). */
  readonly zoom?: number;
}

type Renderer = typeof import("@resvg/resvg-wasm");

let loading: Promise<[Renderer, font: Uint8Array]> | undefined;

/**
 * Renders SVG as PNG. It reads no fonts or other files of the machine, so the same SVG gives the same
 * bytes on every machine. All texts are in Inter, even if the SVG names another font. Letters that are
 * not Latin are missing in it, and become boxes or nothing.
 *
 * @returns the content of a PNG file
 * @throws {Error} if the text is not SVG
 */
export async function renderPng(svg: string, { zoom = 2 }: PngOptions = {}): Promise<Uint8Array> {
  loading ??= load();
  const [{ Resvg }, font] = await loading;
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
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

/** Loads renderer and font once: the module can be initialized only once. */
async function load(): Promise<[Renderer, font: Uint8Array]> {
  const [renderer, { default: wasm }, { default: font }] = await Promise.all([
    import("@resvg/resvg-wasm"),
    import("@resvg/resvg-wasm/index_bg.wasm", { with: { type: "bytes" } }),
    import("@fontsource/inter/files/inter-latin-400-normal.woff2", { with: { type: "bytes" } }),
  ]);
  await renderer.initWasm(wasm);
  return [renderer, font];
}
