/** Tests that need something which is not everywhere: skipped by name, but never in CI. */

/** Paths looked at for programs. */
const PATH = (Deno.env.get("PATH") ?? "").split(":");

/**
 * Registers a test that needs programs.
 *
 * Where one is not installed, the test is skipped and its name says so; where `CI` is set it runs
 * all the same, and fails.
 *
 * @param programs names looked for in `PATH`, or paths
 */
export function testWith(
  programs: readonly string[],
  name: string,
  fn: (context: Deno.TestContext) => Promise<void>,
): void {
  const missing = programs.filter((program) => !isThere(program));
  const isSkipped = missing.length > 0 && !Deno.env.get("CI");
  Deno.test({
    name: isSkipped ? `${name} (skipped: needs ${missing.join(", ")})` : name,
    ignore: isSkipped,
    fn,
  });
}

function isThere(program: string): boolean {
  const candidates = program.includes("/") ? [program] : PATH.map((dir) => `${dir}/${program}`);
  return candidates.some((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}
