/** Proves that a module that was packed into a program is the one that it imports. */
import assert from "assert";
import { importsPacked, type PackedModule, withPacked } from "../../tools/build/packed_modules.ts";

const MODULE: PackedModule = { entry: "x.ts", specifier: "../x.ts" };

Deno.test("packed_modules: a program imports what was packed into it, once", async () => {
  const code = `
export async function given() {
  const [one, two] = await Promise.all([import("../x.ts"), import("../x.ts")]);
  return [one === two, one.text, two.count()];
}
`;
  assert.ok(importsPacked(code, MODULE));
  const content = 'let n = 0; export const text = "$& caf\u00e9"; export const count = () => ++n;';
  const packed = withPacked(code, MODULE, new TextEncoder().encode(content), 0);
  assert.ok(!importsPacked(packed, MODULE));
  const program = await import(`data:text/javascript,${encodeURIComponent(packed)}`) as {
    given(): Promise<unknown>;
  };
  assert.deepEqual(await program.given(), [true, "$& caf\u00e9", 1]);
});
