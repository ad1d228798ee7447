/** One Redis process of a test: its folder, its configuration file, and what can happen to it. */
import type { Address } from "../../../lib/base/address.ts";
import { sleep } from "../../../lib/base/clock.ts";
import { TemporaryFolder } from "../folders.ts";
import { Program } from "../program.ts";
import { RespClient, RespError, type RespReply } from "./resp_client.ts";

/** Files for TLS. A self-signed certificate must not be the authority: Deno refuses that. */
export interface RedisTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** The text of `caFile`. */
  readonly caCert: string;
}

/** Options of a Redis process. */
export interface RedisOptions {
  /** The password of the default user, also between nodes (default: none). */
  readonly password?: string;
  /** Only TLS, also between nodes (default: no TLS). */
  readonly tls?: RedisTls;
  /** More lines of its configuration file; they win over the ones here (default: none). */
  readonly config?: readonly string[];
  /** Whether its files must be on a disk: on many machines /tmp is in memory (default: false). */
  readonly isOnDisk?: boolean;
  /** A node of a cluster, where a silent node counts as failed after this time (default: no cluster). */
  readonly nodeTimeoutMs?: number;
  /** Kills the process when it is aborted (default: none). */
  readonly signal?: AbortSignal;
}

/** The host that a Redis process runs on. */
export interface RedisHost {
  /** The address that its clients and other nodes connect to. */
  readonly address: string;
  /** The address that the test connects to (default: the same). */
  readonly testAddress?: string;
  /** Turns a command into one that runs on this host (default: this machine). */
  command?(command: readonly string[]): string[];
}

export const LOOPBACK: RedisHost = { address: "127.0.0.1" };

/**
 * Range for ports. The system chooses the ports of outgoing connections above it, so that a node which is
 * down keeps its port.
 */
const PORTS = { first: 11_000, count: 21_000 };

/** A Redis process. */
export class RedisNode implements AsyncDisposable {
  readonly host: RedisHost;
  readonly port: number;
  /** The port of the cluster bus. */
  readonly busPort: number;
  readonly options: RedisOptions;
  readonly #folder: TemporaryFolder;
  #program: Program | undefined;
  #client: Promise<RespClient> | undefined;
  #state: "down" | "running" | "stopped" = "down";

  constructor(options: RedisOptions = {}, host: RedisHost = LOOPBACK) {
    this.options = options;
    this.#folder = new TemporaryFolder({ isOnDisk: options.isOnDisk ?? false });
    this.host = host;
    this.port = freePort(host);
    do this.busPort = freePort(host); while (this.busPort === this.port);
  }

  /** The folder with its files. */
  get folder(): string {
    return this.#folder.path;
  }

  /** `running`, `stopped` by SIGSTOP, or `down`. */
  get state(): "down" | "running" | "stopped" {
    return this.#state;
  }

  get pid(): number {
    if (this.#program === undefined) throw new Error(`${this.name} does not run`);
    return this.#program.pid;
  }

  /** The address for clients. */
  get address(): Address {
    return { hostname: this.host.address, port: this.port };
  }

  /** HOST:PORT, as a store URL has it. */
  get name(): string {
    return `${this.host.address}:${this.port}`;
  }

  /** What the process has logged since its last start. */
  get log(): string {
    return this.#program?.stdout ?? "";
  }

  /**
   * Starts the process, also again with its files.
   *
   * @throws {PortTakenError} if another process has its port
   */
  async start(): Promise<void> {
    const file = `${this.folder}/redis.conf`;
    await Deno.writeTextFile(file, `${this.#config().join("\n")}\n`);
    const command = ["redis-server", file];
    const program = new Program(this.host.command?.(command) ?? command, {
      cwd: this.folder,
      ...(this.options.signal && { signal: this.options.signal }),
    });
    this.#program = program;
    this.#state = "running";
    try {
      await program.until("stdout", /Ready to accept connections/);
    } catch (error) {
      this.#state = "down";
      if (/Address already in use|Failed listening on port/.test(program.stdout)) {
        throw new PortTakenError(`a port of ${this.name} is taken`, { cause: error });
      }
      throw error;
    }
  }

  /** Ends the process at once, as a loss of power does for the process. */
  async kill(): Promise<void> {
    const program = this.#program;
    this.#state = "down";
    this.#dropClient();
    program?.kill("SIGKILL");
    await program?.exitCode();
  }

  /** Stops the process: connections stay open, and nothing answers. */
  stop(): void {
    this.#state = "stopped";
    this.#dropClient();
    this.#program?.kill("SIGSTOP");
  }

  /** Resumes a stopped process. */
  continue(): void {
    this.#state = "running";
    this.#program?.kill("SIGCONT");
  }

  /** Asks one command; see `RespClient.ask`. The connection is made again when it has ended. */
  async ask(...words: readonly (string | number)[]): Promise<RespReply> {
    const client = await (this.#client ??= this.connect());
    try {
      return await client.ask(...words);
    } catch (error) {
      if (!(error instanceof RespError)) this.#dropClient();
      throw error;
    }
  }

  /** Connects to it. The caller closes the connection. */
  async connect(timeoutMs?: number): Promise<RespClient> {
    const hostname = this.host.testAddress ?? this.host.address;
    return await RespClient.connect({ hostname, port: this.port }, {
      password: this.options.password,
      caCert: this.options.tls?.caCert,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }

  /** Waits until it answers PONG, for example after `continue`. */
  async answers(): Promise<void> {
    while (await this.ask("PING").catch(() => {}) !== "PONG") await sleep(20);
  }

  /** The members of a section of `INFO`, for example `master_link_status`. */
  async info(section: string): Promise<ReadonlyMap<string, string>> {
    const text = String(await this.ask("INFO", section));
    return new Map(
      text.split("\r\n").flatMap((line) => {
        const at = line.indexOf(":");
        return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "down";
    this.#dropClient();
    try {
      await this.#program?.[Symbol.asyncDispose]();
    } finally {
      this.#folder[Symbol.dispose]();
    }
  }

  #dropClient(): void {
    void this.#client?.then((client) => client[Symbol.dispose](), () => {});
    this.#client = undefined;
  }

  #config(): string[] {
    const { password, tls, config = [], nodeTimeoutMs } = this.options;
    const { address, testAddress } = this.host;
    return [
      `dir ${this.folder}`,
      `bind ${address}${testAddress === undefined ? "" : ` ${testAddress}`}`,
      ...(tls === undefined ? [`port ${this.port}`] : [
        "port 0",
        `tls-port ${this.port}`,
        `tls-cert-file ${tls.certFile}`,
        `tls-key-file ${tls.keyFile}`,
        `tls-ca-cert-file ${tls.caFile}`,
        "tls-auth-clients no",
        "tls-replication yes",
        "tls-cluster yes",
      ]),
      ...(password === undefined ? [] : [`requirepass ${password}`, `masterauth ${password}`]),
      "protected-mode no",
      'save ""',
      "appendonly yes",
      "appendfsync always",
      "maxmemory-policy noeviction",
      // The first copy of a master would wait 5 s for other replicas.
      "repl-diskless-sync-delay 0",
      ...(nodeTimeoutMs === undefined ? [] : [
        "cluster-enabled yes",
        "cluster-config-file nodes.conf",
        `cluster-port ${this.busPort}`,
        `cluster-node-timeout ${nodeTimeoutMs}`,
      ]),
      ...config,
    ];
  }
}

/** The error if another process listens on a port of a node. */
export class PortTakenError extends Error {
  override name = "PortTakenError";
}

/** A port of this machine or host that is free, most likely. */
function freePort({ command }: RedisHost): number {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (command !== undefined) return port; // another host, which has few listeners
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Starts a Redis that is no cluster. Disposal ends it and removes its files. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisNode> {
  for (let attempt = 1;; attempt++) {
    const node = new RedisNode(options);
    try {
      await node.start();
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      if (!(error instanceof PortTakenError) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Attempts to start with other ports. */
export const MAX_ATTEMPTS = 5;
