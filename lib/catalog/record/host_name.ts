/** The check of host names in records: whether a server can have that name or address. */

/** Longest host name (RFC 1035), in characters. */
export const MAX_HOST_CHARS = 255;

/**
 * Whether a text is a host name or an address that a server can have.
 *
 * It rejects multicast, broadcast and reserved addresses. It rejects the unspecified address, because a
 * client that connects to it reaches its own machine. It also rejects numbers in the other forms that
 * systems accept (`0x7f.1`, `2130706433`), because readers do not recognize the address.
 */
export function isServerHost(text: string): boolean {
  if (text.length > MAX_HOST_CHARS) return false;
  if (text.includes(":")) return isServerV6(text);
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text)) return false;
  const last = text.replace(/\.$/, "").split(".").at(-1) ?? "";
  return /^(\d+|0x[0-9a-f]*)$/i.test(last) ? isServerV4(text) : true;
}

function isServerV4(text: string): boolean {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return false;
  const [first = 0, ...others] = parts.map(Number);
  return first > 0 && first < 224 && others.every((part) => part <= 255);
}

function isServerV6(text: string): boolean {
  if (!/^[0-9A-Fa-f:.]+$/.test(text) || !URL.canParse(`http://[${text}]/`)) return false;
  const plain = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::(?:ffff:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (mapped) {
    const [high = 0, low = 0] = mapped.slice(1).map((group) => parseInt(group, 16));
    return isServerV4([high >> 8, high & 255, low >> 8, low & 255].join("."));
  }
  return plain !== "::" && !plain.startsWith("ff");
}
