/** Where the programs of a benchmark run: all on this machine as it is, or as on machines of their own. */

/** A place for programs. */
export interface Host {
  /** Under which the others reach it. */
  readonly address: string;
  /** The command that runs another one there. */
  command(command: readonly string[]): string[];
}

/** Hosts by what runs there. */
export interface Hosts {
  readonly catalog: Host;
  readonly server: Host;
  readonly clients: Host;
}

const THIS_MACHINE: Host = { address: "127.0.0.1", command: (command) => [...command] };

/** Everything on this machine, over the loopback. */
export const ONE_HOST: Hosts = {
  catalog: THIS_MACHINE,
  server: THIS_MACHINE,
  clients: THIS_MACHINE,
};
