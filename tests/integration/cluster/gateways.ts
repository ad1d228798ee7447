/** The start of gateways: htservers that keep their table in a shared store. */
import type { Address } from "../../../lib/base/address.ts";
import { LOOPBACK, type RedisHost } from "../../../bench/harness/redis/redis_node.ts";
import { fromSource, Program } from "../../../bench/harness/program.ts";

/** The name of the table of these tests. */
export const NAME = "test-a4-gateway";

const ALONE = ["--no-catalog", "--local-catalog", "off"];

/** Options of a gateway. */
export interface GatewayOptions {
  /** The host that it runs on (default: this machine, and it listens on the loopback). */
  readonly host?: RedisHost;
  /** More flags (default: none). */
  readonly flags?: readonly string[];
  /** Added to its environment (default: nothing). */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running gateway, until disposal. */
export class Gateway implements AsyncDisposable {
  readonly program: Program;
  readonly address: Address;

  private constructor(program: Program, address: Address) {
    this.program = program;
    this.address = address;
  }

  /** Starts a gateway, and waits until it listens. @param url the store URL */
  static async start(url: string, options: GatewayOptions = {}): Promise<Gateway> {
    const { host } = options;
    const program = spawnGateway(url, options);
    try {
      const hostname = host?.testAddress ?? host?.address ?? LOOPBACK.address;
      return new Gateway(program, { hostname, port: await program.port() });
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.program.kill("SIGKILL");
    await this.program.exitCode();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]();
  }
}

/** Starts a gateway that may fail. */
export function spawnGateway(url: string, options: GatewayOptions = {}): Program {
  const { host, flags = [], env = {} } = options;
  const listen = host === undefined ? LOOPBACK.address : "0.0.0.0";
  const own = fromSource("server.ts", NAME, "--store", url, "--host", listen, ...ALONE, ...flags);
  return new Program(host?.command?.(own) ?? own, { env });
}
