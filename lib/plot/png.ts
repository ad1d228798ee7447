/** Makes pixels of SVG, with a font of its own: without one, texts would be left out silently. */

/** What `FONT_FAMILY` is in the file that is loaded below. */
const FONT_FAMILY = "Inter";

/** How to render. */
export interface PngOptions {
  /** Pixels of the PNG for one of the SVG (default: 2, for screens with small pixels). */
  readonly zoom?: number;
}

type Renderer = typeof import("@resvg/resvg-wasm");

let loading: Promise<[Renderer, font: Uint8Array]> | undefined;

/**
 * Renders SVG as PNG. Nothing is read from this machine, its fonts least of all, so the same SVG
 * gives the same bytes everywhere. All texts are set in Inter, whatever font they ask for; letters
 * that are not Latin are not in it, and come out as boxes or not at all.
 *
 * @returns the content of a PNG file
 * @throws {Error} where the text is not SVG
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

/** Once: the module can be initialised only once. */
async function load(): Promise<[Renderer, font: Uint8Array]> {
  const [renderer, { default: wasm }, { default: font }] = await Promise.all([
    import("@resvg/resvg-wasm"),
    import("@resvg/resvg-wasm/index_bg.wasm", { with: { type: "bytes" } }),
    import("@fontsource/inter/files/inter-latin-400-normal.woff2", { with: { type: "bytes" } }),
  ]);
  await renderer.initWasm(wasm);
  return [renderer, font];
}
