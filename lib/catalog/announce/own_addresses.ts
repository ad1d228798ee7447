/** The addresses of this machine, and the selection that a server announces. */
import { isLinkLocal, isLoopback, isWildcard, type ListenAddress } from "../../base/address.ts";

/** Reads all addresses of this machine. */
export function interfaceAddresses(): string[] {
  return Deno.networkInterfaces().map((one) => one.address);
}

/**
 * Selects the addresses that other machines can connect to, IPv4 first.
 *
 * @param interfaces all addresses of the machine, without zone or mask
 * @param listening the address that the server listens on (default: all)
 */
export function reachableAddresses(
  interfaces: readonly string[],
  listening?: Pick<ListenAddress, "hostname" | "isV4" | "isV6">,
): string[] {
  const { hostname = "::", isV4 = true, isV6 = true } = listening ?? {};
  const own = isWildcard(hostname) ? [...new Set(interfaces)] : [hostname];
  // A link-local IPv6 address is useless without the interface name of the machine that reads it.
  const useful = own.filter((text) => !isLoopback(text) && !isLinkLocal(text));
  const v6 = (text: string) => text.includes(":");
  return [
    ...(isV4 ? useful.filter((text) => !v6(text)) : []),
    ...(isV6 ? useful.filter(v6) : []),
  ];
}
