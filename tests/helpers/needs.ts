/** Tests that need other programs, or root. Without them a test is skipped, but never in CI. */
import { TwoHosts, TwoHostsError } from "../../bench/harness/hosts.ts";
import { isInstalled } from "../../bench/harness/program.ts";

/**
 * Registers a test that needs something. If it is not possible, the test is skipped, and its name has the
 * reason. If `CI` is set, the test runs and fails.
 *
 * @param needs what is missing if it is not possible
 */
export function testIf(
  isPossible: boolean,
  needs: string,
  name: string,
  fn: Deno.TestDefinition["fn"],
): void {
  const ignore = !isPossible && !Deno.env.get("CI");
  Deno.test({ name: ignore ? `${name} (skipped: needs ${needs})` : name, ignore, fn });
}

/**
 * Registers a test that needs programs.
 *
 * @param programs names of programs in `PATH`, or paths
 */
export function testWith(
  programs: readonly string[],
  name: string,
  fn: (context: Deno.TestContext) => Promise<void>,
): void {
  const missing = programs.filter((program) => !isInstalled(program));
  testIf(missing.length === 0, missing.join(", "), name, fn);
}

/** Registers a test that makes network namespaces. */
export async function testWithHosts(name: string, fn: () => Promise<void>): Promise<void> {
  canMakeHosts ??= tryHosts();
  testIf(await canMakeHosts, "root and network namespaces", name, fn);
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
