/** A catalog, and a server that clients can find only by its name in that catalog. */
import { type Address, addressText } from "../../lib/base/address.ts";
import type { Hosts } from "../harness/hosts.ts";
import { fromSource, Program } from "../harness/program.ts";

/** Options of the start. */
export interface NamedServerOptions {
  readonly hosts: Hosts;
  readonly isDurable: boolean;
  /** The folder for the durable table. */
  readonly folder: string;
  /** Ends both programs. */
  readonly signal: AbortSignal;
}

/** Both programs, until disposal. */
export class NamedServer implements AsyncDisposable {
  /** The name of the server in the catalog. */
  readonly name: string;
  readonly catalog: Address;
  /** The process of the server. */
  readonly pid: number;
  readonly #programs: AsyncDisposableStack;

  private constructor(name: string, catalog: Address, pid: number, programs: AsyncDisposableStack) {
    this.name = name;
    this.catalog = catalog;
    this.pid = pid;
    this.#programs = programs;
  }

  /** Starts them on free ports, and waits until the server listens. */
  static async start(
    { hosts, isDurable, folder, signal }: NamedServerOptions,
  ): Promise<NamedServer> {
    await using programs = new AsyncDisposableStack();
    const name = `bench-a4-${crypto.randomUUID().slice(0, 8)}`;
    const { catalog, server } = hosts;
    const catalogProgram = programs.use(
      new Program(
        catalog.command(fromSource("catalog.ts", "--host", catalog.address, "--port", "0")),
        { signal },
      ),
    );
    const port = await portOf("catalog", catalogProgram, signal);
    const address = { hostname: catalog.address, port };
    const table = isDurable ? ["--data", `${folder}/${name}`] : ["--memory"];
    const args = [name, "--host", server.address, ...table, ...throughOnly(address)];
    const serverProgram = programs.use(
      new Program(server.command(fromSource("server.ts", ...args)), { signal }),
    );
    await portOf("server", serverProgram, signal);
    return new NamedServer(name, address, serverProgram.pid, programs.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#programs[Symbol.asyncDispose]();
  }
}

/** Flags with which a program uses this catalog and no other one. */
export function throughOnly(catalog: Address): string[] {
  return ["--catalog", addressText(catalog), "--local-catalog", "off"];
}

async function portOf(what: string, program: Program, signal: AbortSignal): Promise<number> {
  try {
    return await program.port();
  } catch {
    signal.throwIfAborted(); // Then the signal is the reason.
    throw new Error(`The ${what} did not start: ${program.stderr.trim() || "it wrote no reason"}`);
  }
}
