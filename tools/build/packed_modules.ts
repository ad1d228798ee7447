/**
 * Packed modules: large modules that a program loads dynamically and rarely. Its file contains them
 * compressed, so a start does not read them.
 */
import { gzipSync } from "node:zlib";

/** A module that a program imports dynamically. */
export interface PackedModule {
  /** Path from the top folder. */
  readonly entry: string;
  /** The text in `import("...")`, which names this module in all files of the program. */
  readonly specifier: string;
}

/**
 * All packed modules. The 4 MB of the drawing libraries took 75 ms of each start. The server with a shared
 * store has its own copies of the modules that both servers have: if the bundler shared them, their
 * constants would become variables, also on the path of each request of a server without a store.
 */
export const PACKED_MODULES: readonly PackedModule[] = [
  { entry: "lib/plot/drawing.ts", specifier: "../../plot/drawing.ts" },
  {
    entry: "lib/cli/htserver/store_server.ts",
    specifier: "./lib/cli/htserver/store_server.ts",
  },
];

/** Whether a bundle imports a module that it does not contain. */
export function importsPacked(code: string, module: PackedModule): boolean {
  return code.includes(importOf(module));
}

/**
 * Adds a compressed module to a bundle.
 *
 * @param code of the bundle, an ES module
 * @param module that it imports
 * @param content bundle of the module
 * @param number of the module in this bundle
 * @returns the code of the new bundle
 */
export function packModule(
  code: string,
  module: PackedModule,
  content: Uint8Array,
  number: number,
): string {
  const name = `__packedModule${number}`;
  const packed = gzipSync(content, { level: 9 }).toBase64();
  // A function exists from the start, also if its declaration is the last one; a constant does not.
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
