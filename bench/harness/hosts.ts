/** Tests that need hosts of their own. */
import { TwoHosts, TwoHostsError } from "../report/two_hosts.ts";

/** Whether this user may make namespaces here. */
const canMakeHosts = await (async () => {
  try {
    await using _hosts = await TwoHosts.make();
    return true;
  } catch (error) {
    if (error instanceof TwoHostsError) return false;
    throw error;
  }
})();

/** Registers a test that makes namespaces: skipped by name where that is not possible, but never in CI. */
export function testWithHosts(name: string, fn: () => Promise<void>): void {
  const isSkipped = !canMakeHosts && !Deno.env.get("CI");
  Deno.test({
    name: isSkipped ? `${name} (skipped: needs root and network namespaces)` : name,
    ignore: isSkipped,
    fn,
  });
}
