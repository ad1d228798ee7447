/**
 * Three network namespaces that behave like three machines, each with a cable of its own to the test. A
 * test can cut the cables between one machine and the others; its own cables stay.
 *
 * The addresses for the test are of the range for measurements (RFC 2544), which no real host has.
 */
import { namespaceNames, TwoHosts } from "../../../bench/harness/hosts.ts";
import { run } from "../../../bench/harness/program.ts";
import type { RedisHost } from "../../../bench/harness/redis/redis_node.ts";

/** A machine: the test reaches it at `testAddress`, and the others at `address`. */
export interface Machine extends RedisHost {
  readonly testAddress: string;
  command(command: readonly string[]): string[];
}

const ROLES = ["catalog", "server", "clients"] as const;

/** The machines, until disposal. */
export class Machines implements AsyncDisposable {
  readonly all: readonly Machine[];
  readonly #hosts: TwoHosts;
  readonly #names: ReturnType<typeof namespaceNames>;

  private constructor(hosts: TwoHosts, names: ReturnType<typeof namespaceNames>) {
    this.#hosts = hosts;
    this.#names = names;
    const subnet = `198.18.${Math.floor(Math.random() * 256)}`;
    const first = 4 * Math.floor(Math.random() * 60);
    this.all = ROLES.map((role, number) => ({
      address: hosts[role].address,
      testAddress: `${subnet}.${first + 2 * number + 1}`,
      command: (command) => hosts[role].command(command),
    }));
  }

  /** Makes the machines, for a test of `testWithHosts`. */
  static async make(): Promise<Machines> {
    const names = namespaceNames();
    const machines = new Machines(await TwoHosts.make(names), names);
    try {
      for (const role of ROLES) await machines.#connectToTest(role);
      return machines;
    } catch (error) {
      await machines[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Cuts the cables between a machine and the others. Packets vanish; no connection ends. */
  async cutOff(machine: Machine): Promise<void> {
    await this.#setCables(machine, "down");
  }

  /** Connects a machine with the others again. */
  async reconnect(machine: Machine): Promise<void> {
    await this.#setCables(machine, "up");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#hosts[Symbol.asyncDispose]();
  }

  async #setCables(machine: Machine, state: "up" | "down"): Promise<void> {
    const own = ROLES[this.all.indexOf(machine)];
    for (const role of ROLES) {
      // The far end: the near one would report that the network is unreachable.
      if (role !== own) await ip("-n", this.#names[role], "link", "set", `to-${own}`, state);
    }
  }

  async #connectToTest(role: typeof ROLES[number]): Promise<void> {
    const name = this.#names[role];
    const there = this.all[ROLES.indexOf(role)]?.testAddress ?? "";
    const here = there.replace(/\d+$/, (last) => String(Number(last) - 1));
    // A name of at most 15 characters, from the namespace, which no other run uses.
    const device = `ht${name.slice(3, 11)}${ROLES.indexOf(role)}`;
    await ip("link", "add", device, "type", "veth", "peer", "name", "test", "netns", name);
    await ip("address", "add", here, "peer", there, "dev", device);
    await ip("link", "set", device, "up");
    await ip("-n", name, "address", "add", there, "peer", here, "dev", "test");
    await ip("-n", name, "link", "set", "test", "up");
  }
}

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await run(["ip", ...args]);
  if (code !== 0) throw new Error(`ip ${args.join(" ")} failed: ${stderr.trim()}`);
}
