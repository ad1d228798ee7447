/**
 * Hosts for the programs of a benchmark: this machine, or three network namespaces that behave like
 * three machines. Each namespace has one address and a cable (a veth pair) to each of the others. A
 * program in one does not see the loopback of another.
 *
 *     catalog 192.0.2.1 ------- server 192.0.2.2
 *               \                 /
 *                clients 192.0.2.3
 *
 * The addresses are of the range for documentation (RFC 5737), which no real host has. Each run makes
 * namespaces with names of its own, so several runs can share a machine.
 */
import { isInstalled, run } from "./program.ts";

/** A host that programs run on. */
export interface Host {
  /** The address under which other hosts reach it. */
  readonly address: string;
  /** Turns a command into one that runs on this host. */
  command(command: readonly string[]): string[];
}

/** The host of each program. */
export interface Hosts {
  readonly catalog: Host;
  readonly server: Host;
  readonly clients: Host;
}

const THIS_MACHINE: Host = { address: "127.0.0.1", command: (command) => [...command] };

/** All programs on this machine, over the loopback. */
export const ONE_HOST: Hosts = {
  catalog: THIS_MACHINE,
  server: THIS_MACHINE,
  clients: THIS_MACHINE,
};

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

/** The error if network namespaces cannot be made here. Its message is the reason. */
export class TwoHostsError extends Error {
  override name = "TwoHostsError";
}

/** Names for namespaces that no other run uses. */
export function namespaceNames(): Record<Role, string> {
  const run = crypto.randomUUID().slice(0, 8);
  return { catalog: `ht-${run}-catalog`, server: `ht-${run}-server`, clients: `ht-${run}-clients` };
}

/** The namespaces. They are deleted on disposal. */
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
   * Makes the namespaces.
   *
   * @param names of the namespaces (default: new ones)
   * @throws {TwoHostsError} if this user or this system cannot make them
   */
  static async make(names: Record<Role, string> = namespaceNames()): Promise<TwoHosts> {
    const obstacle = findObstacle();
    if (obstacle !== undefined) throw new TwoHostsError(obstacle);
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

  /** Adds a cable. Each end has the address of its host and a route to the other end. */
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

  /** Deletes all namespaces. A process that still runs in one keeps its network, without a name. */
  async [Symbol.asyncDispose](): Promise<void> {
    // The system deletes a cable with a namespace. A namespace that was never made does not matter.
    for (const role of ROLES) await ip("netns", "delete", this.#names[role]).catch(() => {});
  }
}

/** The reason that namespaces cannot be made here, or undefined. */
function findObstacle(): string | undefined {
  if (Deno.build.os !== "linux") return "only Linux has network namespaces";
  if (Deno.uid() !== 0) return "network namespaces need root";
  if (!isInstalled("ip")) return "ip is not installed (Debian: apt-get install iproute2)";
  return undefined;
}

/**
 * Runs `ip`. No signal ends it: it takes milliseconds, and the deletion must be complete.
 *
 * @throws {TwoHostsError} if it fails, with its message
 */
async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await run(["ip", ...args]);
  if (code !== 0) {
    throw new TwoHostsError(`ip ${args.join(" ")} failed: ${stderr.trim().replace(/\n/g, "; ")}`);
  }
}
