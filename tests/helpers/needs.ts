/** Tests that need other programs, or root. Without them a test is skipped, but never in CI. */
import { TwoHosts, TwoHostsError } from "../../bench/harness/hosts.ts";

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

/**
 * Registers a test that makes network namespaces. If this user cannot make them, the test is skipped
 * like those of `testWith`.
 */
export async function testWithHosts(name: string, fn: () => Promise<void>): Promise<void> {
  canMakeHosts ??= tryHosts();
  const isSkipped = !await canMakeHosts && !Deno.env.get("CI");
  Deno.test({
    name: isSkipped ? `${name} (skipped: needs root and network namespaces)` : name,
    ignore: isSkipped,
    fn,
  });
}

/** Whether this user can make namespaces; asked once, by the first test that needs them. */
let canMakeHosts: Promise<boolean> | undefined;

async function tryHosts(): Promise<boolean> {
  try {
    await using _hosts = await TwoHosts.make();
    return true;
  } catch (error) {
    if (error instanceof TwoHostsError) return false;
    throw error;
  }
}
