/**
 * Modules that a program loads only when it needs them, which is seldom, and which are large: they
 * are in its one file compressed, so that a start does not have to read them.
 */
import { gzipSync } from "node:zlib";

/** A module, as it is imported dynamically in one place. */
export interface PackedModule {
  /** From the top folder. */
  readonly entry: string;
  /** What stands in `import("...")`; whatever else is imported by that text must be the same module. */
  readonly specifier: string;
}

/** All of them: 4 MB of libraries that draw took 75 ms of each start. */
export const PACKED_MODULES: readonly PackedModule[] = [
  { entry: "lib/plot/drawing.ts", specifier: "../plot/drawing.ts" },
];

/** Whether a bundle imports such a module. */
export function importsPacked(code: string, module: PackedModule): boolean {
  return code.includes(importOf(module));
}

/**
 * Puts a module into a bundle that left it out.
 *
 * @param code of the bundle, as an ES module
 * @param module that it imports
 * @param content of the module, bundled as well
 * @param number of the module in this bundle
 */
export function withPacked(
  code: string,
  module: PackedModule,
  content: Uint8Array,
  number: number,
): string {
  const name = `__packedModule${number}`;
  const packed = gzipSync(content, { level: 9 }).toBase64();
  // Functions are there from the start on; what is appended as a constant would come too late.
  return `${code.replaceAll(importOf(module), () => `${name}()`)}
async function ${name}() {
  const packed = new Blob([Uint8Array.fromBase64("${packed}")]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("gzip"));
  const code = new Uint8Array(await new Response(stream).arrayBuffer());
  return await import("data:text/javascript;base64," + code.toBase64());
}
`;
}

function importOf({ specifier }: PackedModule): string {
  return `import("${specifier}")`;
}
