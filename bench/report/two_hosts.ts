/**
 * Three hosts on one machine, as far as programs can tell: network namespaces, each with one address
 * and a cable (a veth pair) to each of the others. What runs in one sees no other loopback, and
 * reaches the others by their addresses only.
 *
 *     catalog 192.0.2.1 ------- server 192.0.2.2
 *               \                 /
 *                clients 192.0.2.3
 *
 * The addresses are of the range for documentation (RFC 5737): they are nobody's, and since each run
 * has namespaces of its own, several can run at the same time.
 */
import { runBound } from "../harness/child_program.ts";
import type { Host, Hosts } from "./hosts.ts";

const ROLES = ["catalog", "server", "clients"] as const;

type Role = typeof ROLES[number];

const ADDRESSES: Readonly<Record<Role, string>> = {
  catalog: "192.0.2.1",
  server: "192.0.2.2",
  clients: "192.0.2.3",
};

const CABLES: readonly (readonly [Role, Role])[] = [
  ["server", "clients"],
  ["server", "catalog"],
  ["clients", "catalog"],
];

/** Two hosts are not to be had here; the message says why. */
export class TwoHostsError extends Error {
  override name = "TwoHostsError";
}

/** Names of namespaces that no other run has. */
export function namespaceNames(): Record<Role, string> {
  const run = crypto.randomUUID().slice(0, 8);
  return { catalog: `ht-${run}-catalog`, server: `ht-${run}-server`, clients: `ht-${run}-clients` };
}

/** The namespaces, until it goes out of scope. */
export class TwoHosts implements Hosts, AsyncDisposable {
  readonly catalog: Host;
  readonly server: Host;
  readonly clients: Host;
  readonly #names: Record<Role, string>;

  private constructor(names: Record<Role, string>) {
    this.#names = names;
    const host = (role: Role): Host => ({
      address: ADDRESSES[role],
      command: (command) => ["ip", "netns", "exec", names[role], ...command],
    });
    this.catalog = host("catalog");
    this.server = host("server");
    this.clients = host("clients");
  }

  /**
   * Makes them.
   *
   * @param names of the namespaces
   * @throws {TwoHostsError} where this user or this system cannot
   */
  static async make(names: Record<Role, string> = namespaceNames()): Promise<TwoHosts> {
    const why = await whyImpossible();
    if (why !== undefined) throw new TwoHostsError(why);
    const hosts = new TwoHosts(names);
    try {
      for (const role of ROLES) {
        await ip("netns", "add", names[role]);
        await ip("-n", names[role], "link", "set", "lo", "up");
      }
      for (const [one, other] of CABLES) await hosts.#connect(one, other);
      return hosts;
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Lays a cable: each end bears its host's address, and knows whose the other end is. */
  async #connect(one: Role, other: Role): Promise<void> {
    const names = this.#names;
    // deno-fmt-ignore
    await ip("link", "add", `to-${other}`, "netns", names[one],
      "type", "veth", "peer", "name", `to-${one}`, "netns", names[other]);
    for (const [here, there] of [[one, other], [other, one]] as const) {
      const device = `to-${there}`;
      // deno-fmt-ignore
      await ip("-n", names[here], "address", "add", ADDRESSES[here], "peer", ADDRESSES[there],
        "dev", device);
      await ip("-n", names[here], "link", "set", device, "up");
    }
  }

  /** Takes all down; what still runs inside keeps its network, but nobody finds it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Cables go with the namespaces of their ends. One that was never made is no reason to stop.
    for (const role of ROLES) await ip("netns", "delete", this.#names[role]).catch(() => {});
  }
}

/** Why there cannot be two hosts here, or undefined. */
async function whyImpossible(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces are there on Linux only";
  if (Deno.uid() !== 0) return "network namespaces need root";
  if (!await canRun("ip", "-V")) {
    return "there is no ip (Debian: apt-get install iproute2)";
  }
  return undefined;
}

async function canRun(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await runBound([program, ...args], NEVER)).code === 0;
  } catch {
    return false;
  }
}

/** Nothing may cut these commands off: each takes milliseconds, and taking down must be complete. */
const NEVER = new AbortController().signal;

/** @throws {TwoHostsError} with what `ip` says */
async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await runBound(["ip", ...args], NEVER);
  if (code !== 0) {
    throw new TwoHostsError(`ip ${args.join(" ")} failed: ${stderr.trim().replace(/\n/g, "; ")}`);
  }
}
