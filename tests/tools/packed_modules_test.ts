/** Proves that a program imports the module that was packed into it. */
import assert from "assert";
import { importsPacked, type PackedModule, packModule } from "../../tools/build/packed_modules.ts";

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
