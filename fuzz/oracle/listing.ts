/**
 * The records of a catalog's listing, by the table in `lib/catalog/record/server_record.ts`. Shares no
 * code with it.
 */
import { isIPv4, isIPv6 } from "node:net";
import { membersOf, parsed, partsOf } from "./json_text.ts";

/** The limits of a record. */
export interface ListingLimits {
  readonly recordBytes: number;
  readonly nameChars: number;
  readonly addresses: number;
}

const MAX_HOST_CHARS = 255, LIFETIME_S = 900;

const encoder = new TextEncoder();

/** Reads the records of a listing; undefined if it is not a JSON array. */
export function readListing(
  text: string,
  nowS: number,
  { recordBytes, nameChars, addresses }: ListingLimits,
): Record<string, unknown>[] | undefined {
  if (!Array.isArray(parsed(text)?.value)) return undefined;
  const records: { heardS: number; record: Record<string, unknown> }[] = [];
  let newestS = -Infinity;
  for (const part of partsOf(text)) {
    if (!part.startsWith("{") || encoder.encode(part).length > recordBytes) continue;
    const members = new Map(membersOf(part).reverse()); // The first one counts.
    const string = (name: string, most: number) => shortText(members.get(name), most);
    const heardS = finite(members.get("lastheardfrom")) ?? 0;
    newestS = Math.max(newestS, heardS);
    const address = host(members.get("address"));
    const port = portOf(members.get("port"));
    const project = string("project", nameChars);
    if (string("type", 9) !== "hashtable" || !project || address === undefined) continue;
    if (port === undefined) continue;
    const lifetime = finite(members.get("lifetime")) ?? 0;
    const optional = {
      version: string("version", nameChars),
      instance: string("instance", nameChars),
      advertise: host(members.get("advertise")),
      listenPort: portOf(members.get("listen_port")),
    };
    const list = members.get("addresses") ?? "";
    records.push({
      heardS,
      record: {
        project,
        address,
        port,
        owner: string("owner", nameChars) ?? "",
        name: string("name", MAX_HOST_CHARS) ?? address,
        lifetime: lifetime > 0 ? lifetime : LIFETIME_S,
        ...Object.fromEntries(
          Object.entries(optional).filter(([, member]) => member !== undefined),
        ),
        addresses: (list.startsWith("[") ? partsOf(list) : []).map(host)
          .filter((one) => one !== undefined).slice(0, addresses),
        ...(members.get("tls") === "true" && { tls: true }),
        requiresToken: members.get("requires_token") === "true",
      },
    });
  }
  const referenceS = newestS < nowS - LIFETIME_S ? newestS : nowS;
  return records.map(({ heardS, record }) => ({
    ...record,
    lastheardfrom: nowS - Math.max(0, Math.round(referenceS - heardS)),
  }));
}

function shortText(json: string | undefined, most: number): string | undefined {
  if (json === undefined || json[0] !== '"' || json.length > most + 2) return undefined;
  const text = String(JSON.parse(json));
  return [...text].every((character) => character >= " " && character <= "~") ? text : undefined;
}

function finite(json: string | undefined): number | undefined {
  const value: unknown = json === undefined ? undefined : JSON.parse(json);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function portOf(json: string | undefined): number | undefined {
  const port = finite(json);
  const isPort = port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535;
  return isPort ? port : undefined;
}

/** Returns a host that a server can have, by the rules of `lib/catalog/record/host_name.ts`. */
function host(json: string | undefined): string | undefined {
  const text = shortText(json, MAX_HOST_CHARS);
  if (text === undefined) return undefined;
  if (text.includes(":")) return isIPv6(text) && isOfServer6(text) ? text : undefined;
  const labels = text.split(".");
  if (labels.at(-1) === "") labels.pop();
  const isNumber = /^(0x[\da-f]*|\d+)$/i.test(labels.at(-1) ?? "");
  const isGood = isNumber ? isIPv4(text) && isOfServer4(text) : /^\w[\w.-]*$/.test(text);
  return isGood ? text : undefined;
}

/** Whether an IPv4 address is not unspecified, multicast or reserved. */
function isOfServer4(address: string): boolean {
  const first = Number(address.split(".")[0]);
  return first > 0 && first < 224;
}

function isOfServer6(address: string): boolean {
  if (address.includes("%")) return false;
  const groups = groupsOf(address);
  const [sixth = 0, high = 0, low = 0] = groups.slice(5);
  const isEmbedded = groups.slice(0, 5).every((group) => group === 0) &&
    (sixth === 0xffff || (sixth === 0 && high > 0));
  if (isEmbedded) return isOfServer4(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
  const isMulticast = (groups[0] ?? 0).toString(16).startsWith("ff");
  return !isMulticast && groups.some((group) => group > 0);
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) =>
      `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`,
  );
  const [before = "", after] = hex.split("::");
  const numbers = (side: string) =>
    side === "" ? [] : side.split(":").map((one) => parseInt(one, 16));
  if (after === undefined) return numbers(before);
  const [head, tail] = [numbers(before), numbers(after)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}
