/** Network addresses as people write them: `host`, `host:port`, `[v6]:port`. */

import { isIPv4, isIPv6 } from "node:net";

/** A host and a port. */
export interface Address {
  /** A DNS name, or an IP address without brackets. */
  readonly hostname: string;
  /** A port from 1 to 65535. */
  readonly port: number;
}

/**
 * Parses an address.
 *
 * @param text `host`, `host:port`, `v6`, `[v6]` or `[v6]:port`
 * @param defaultPort the port of a text without one; undefined: the text must have one
 * @returns undefined: the text is not an address
 */
export function parseAddress(text: string, defaultPort?: number): Address | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9_.-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const v6 = bracketed ?? (plain === undefined ? text : undefined);
  const hostname = v6 === undefined ? plain : isIPv6(v6) ? v6 : undefined;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (hostname === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { hostname, port };
}

/** The addresses on which a server listens. */
export interface ListenAddress {
  /** One address; or `0.0.0.0` or `::`, for all addresses of the families below. */
  readonly hostname: string;
  readonly port: number;
  readonly isV4: boolean;
  readonly isV6: boolean;
}

/** Whether a host name means all addresses of a family. */
export function isWildcard(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}

/** Converts `::ffff:1.2.3.4`, the form of an IPv4 address on an IPv6 socket, to plain IPv4. */
export function unmapped(hostname: string): string {
  return hostname.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Formats an address in the form that `parseAddress` reads. */
export function addressText({ hostname, port }: Address): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether an address is private (RFC 1918, RFC 4193), link-local or loopback: many networks use the same ones. */
export function isPrivateAddress(hostname: string): boolean {
  const v4 = unmapped(hostname);
  if (isIPv4(v4)) return /^(10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(v4);
  return isIPv6(hostname) && (hostname === "::1" || /^(f[cd]|fe[89ab])/i.test(hostname));
}

/**
 * Whether an IPv6 address is link-local (RFC 4291), with a zone or without. Catalogs list it without its
 * zone, so no other machine can use it.
 */
export function isLinkLocal(hostname: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(hostname);
}

/** Whether only its own machine reaches an address. */
export function isLoopback(hostname: string): boolean {
  const v4 = unmapped(hostname);
  return (isIPv4(v4) && v4.startsWith("127.")) || hostname === "::1" || hostname === "localhost";
}

/**
 * The group of addresses that counts as one peer: an IPv4 address, or the /64 network of an IPv6 address,
 * because a host usually has its whole /64 network.
 *
 * @param hostname an IPv4 or IPv6 address, in any notation
 */
export function addressGroup(hostname: string): string {
  const v4 = unmapped(hostname);
  if (!v4.includes(":")) return v4;
  const [head = "", tail] = hostname.split("%", 1)[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const words = [...before, ...Array<string>(zeros).fill("0"), ...after];
  return words.slice(0, 4).map((word) => parseInt(word, 16).toString(16)).join(":") + "::/64";
}
