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
export interface NamedServer extends AsyncDisposable {
  /** The name of the server in the catalog. */
  readonly name: string;
  readonly catalog: Address;
  /** The process of the server. */
  readonly pid: number;
}

/** Starts both on free ports, and waits until the server listens. */
export async function startNamedServer(
  { hosts, isDurable, folder, signal }: NamedServerOptions,
): Promise<NamedServer> {
  await using programs = new AsyncDisposableStack();
  const start = (command: string[]) => programs.use(new Program(command, { signal }));
  const name = `bench-a4-${crypto.randomUUID().slice(0, 8)}`;
  const { address: hostname } = hosts.catalog;
  const catalogArgs = ["--host", hostname, "--port", "0"];
  const catalogProgram = start(hosts.catalog.command(fromSource("catalog.ts", ...catalogArgs)));
  const catalog = { hostname, port: await portOf("catalog", catalogProgram, signal) };
  const table = isDurable ? ["--data", `${folder}/${name}`] : ["--memory"];
  const args = [name, "--host", hosts.server.address, ...table, ...throughOnly(catalog)];
  const server = start(hosts.server.command(fromSource("server.ts", ...args)));
  await portOf("server", server, signal);
  const running = programs.move();
  const end = () => running.disposeAsync();
  return { name, catalog, pid: server.pid, [Symbol.asyncDispose]: end };
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
