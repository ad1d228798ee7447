/** The heap use of code, measured in a separate process that can run the garbage collector. */
import assert from "assert";

/**
 * Runs code and returns the number that it prints.
 *
 * The code may call `heapGrown()`: bytes in use minus those at its start, without garbage.
 *
 * @param imports statements, with paths from the top folder in double quotes
 */
export async function measured(imports: string, code: string): Promise<number> {
  const top = new URL("../../", import.meta.url).href;
  const program = `
    ${imports.replaceAll('"lib/', `"${top}lib/`)}
    const heapUsed = () => (gc(), gc(), Deno.memoryUsage().heapUsed);
    const before = heapUsed();
    const heapGrown = () => heapUsed() - before;
    ${code}`;
  const { code: exit, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--v8-flags=--expose-gc", "--ext=ts", "--no-lock", program],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(exit, 0, new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}
