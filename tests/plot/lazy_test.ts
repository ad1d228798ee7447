/** Proves that programs without pictures load no drawing library. */
import assert from "assert";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../lib/plot/", import.meta.url));
const LIBRARIES = /"(?:vega|vega-lite|@resvg\/[^"]*|@fontsource\/[^"]*)"/;

Deno.test({
  name: "lib/plot: only png.ts, which is imported dynamically, has static imports of libraries",
  permissions: { read: true },
  fn() {
    for (const { name } of Deno.readDirSync(FOLDER)) {
      if (name === "png.ts") continue;
      const code = Deno.readTextFileSync(FOLDER + name);
      for (const [statement] of code.matchAll(/^(?:import|export)\b(?! type\b)[^;]*;/gm)) {
        assert.doesNotMatch(statement, new RegExp(`from ${LIBRARIES.source}`), name);
      }
    }
  },
});
