/** Proves that a program imports the module that was packed into it. */
import assert from "assert";
import {
  importsPacked,
  PACKED_MODULES,
  type PackedModule,
  packModule,
} from "../../tools/build/packed_modules.ts";
import { PROGRAMS, sourcesIn } from "../sources.ts";

const MODULE: PackedModule = { entry: "x.ts", specifier: "../x.ts" };

Deno.test("packed_modules: a program imports a packed module once", async () => {
  const code = `
export async function load() {
  const [one, two] = await Promise.all([import("../x.ts"), import("../x.ts")]);
  return [one === two, one.text, two.count()];
}
`;
  assert.ok(importsPacked(code, MODULE));
  const content = 'let n = 0; export const text = "$& caf\u00e9"; export const count = () => ++n;';
  const packed = packModule(code, MODULE, new TextEncoder().encode(content), 0);
  assert.ok(!importsPacked(packed, MODULE));
  const program = await import(`data:text/javascript,${encodeURIComponent(packed)}`) as {
    load(): Promise<unknown>;
  };
  assert.deepEqual(await program.load(), [true, "$& caf\u00e9", 1]);
});

Deno.test("fault: a module is not packed after a move: each import of it has its specifier", () => {
  const code = sourcesIn(...PROGRAMS, "lib/").map((one) => one.code).join("\n");
  const imported = new Set([...code.matchAll(/import\("([^"]+)"\)/g)].map(([, text]) => text));
  for (const { entry, specifier } of PACKED_MODULES) {
    const name = entry.replace(/^.*\//, "/");
    assert.deepEqual([...imported].filter((text) => text?.endsWith(name)), [specifier]);
  }
});
