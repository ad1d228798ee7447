/** A catalog, and a server that is found by its name through it and in no other way. */
import { fromSource } from "../harness/program.ts";
import { type Address, addressText } from "../../lib/base/address.ts";
import { BoundProgram } from "../harness/child_program.ts";
import type { Hosts } from "./hosts.ts";

/** What to start. */
export interface ServedOptions {
  readonly hosts: Hosts;
  readonly isDurable: boolean;
  /** For the durable table. */
  readonly folder: string;
  /** Ends both. */
  readonly signal: AbortSignal;
}

/** The two of them, until it goes out of scope. */
export class Served implements AsyncDisposable {
  /** Of the server, in the catalog. */
  readonly name: string;
  readonly catalog: Address;
  /** The server's process. */
  readonly pid: number;
  readonly #programs: AsyncDisposableStack;

  private constructor(name: string, catalog: Address, pid: number, programs: AsyncDisposableStack) {
    this.name = name;
    this.catalog = catalog;
    this.pid = pid;
    this.#programs = programs;
  }

  /** Starts them on free ports, and waits until the server listens. */
  static async start({ hosts, isDurable, folder, signal }: ServedOptions): Promise<Served> {
    await using programs = new AsyncDisposableStack();
    const name = `bench-a4-${crypto.randomUUID().slice(0, 8)}`;
    const { catalog, server } = hosts;
    const hearing = programs.use(
      new BoundProgram(
        catalog.command(fromSource("catalog.ts", "--host", catalog.address, "--port", "0")),
        signal,
      ),
    );
    const at = { hostname: catalog.address, port: await portOf("catalog", hearing, signal) };
    const table = isDurable ? ["--data", `${folder}/${name}`] : ["--memory"];
    const args = [name, "--host", server.address, ...table, ...throughOnly(at)];
    const serving = programs.use(
      new BoundProgram(server.command(fromSource("server.ts", ...args)), signal),
    );
    await portOf("server", serving, signal);
    return new Served(name, at, serving.pid, programs.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#programs[Symbol.asyncDispose]();
  }
}

/** Flags with which a program asks this catalog, and no other one. */
export function throughOnly(catalog: Address): string[] {
  return ["--catalog", addressText(catalog), "--local-catalog", "off"];
}

async function portOf(what: string, program: BoundProgram, signal: AbortSignal): Promise<number> {
  try {
    return await program.port();
  } catch {
    signal.throwIfAborted(); // that is why it did not start
    throw new Error(`The ${what} did not start: ${program.stderr.trim() || "it said nothing"}`);
  }
}
