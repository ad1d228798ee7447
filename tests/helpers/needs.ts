/** Tests that need other programs. Without them a test is skipped, but never in CI. */

/** Folders with programs. */
const PATH = (Deno.env.get("PATH") ?? "").split(":");

/**
 * Registers a test that needs programs.
 *
 * If one is missing, the test is skipped, and its name has the reason. If `CI` is set, the test runs and
 * fails.
 *
 * @param programs names of programs in `PATH`, or paths
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
