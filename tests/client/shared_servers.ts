/** Fake servers that share one table, as gateways of a shared store do. */
import { type FakeRequest, FakeServer } from "./fake_server.ts";
import { NameCatalog } from "./listing_catalog.ts";

/** The table of some servers: keys, and values as JSON texts. */
export class SharedTable {
  readonly id: string = crypto.randomUUID();
  readonly values = new Map<string, string>();

  /** Starts a server of this table. */
  serve(project: string, options: SharedServerOptions = {}): FakeServer {
    const { port, isSilent = () => false, beforeReply } = options;
    const server: FakeServer = new FakeServer({
      ...(port !== undefined && { port }),
      hello: () => isSilent(server) ? undefined : this.#info(project, server),
      reply: async (request) => {
        if (request.method === "info") {
          return okReply(JSON.stringify({ ...this.#info(project, server), ...agentsAt(server) }));
        }
        const reply = this.#execute(request);
        return await beforeReply?.(request, server) === "drop" ? undefined : reply;
      },
    });
    return server;
  }

  #info(project: string, { instance, port }: FakeServer): Record<string, unknown> {
    const { id: table, values: { size } } = this;
    return { project, instance, port, table, size, seq: 0, features: ["shared"] };
  }

  #execute({ text, method, key }: FakeRequest): string {
    const value = this.values.get(key);
    switch (method) {
      case "insert":
        this.values.set(key, JSON.stringify(JSON.parse(text).value));
        return okReply("null");
      case "remove":
        this.values.delete(key);
        return value === undefined ? keyError(key) : okReply(value);
      case "lookup":
        return value === undefined ? keyError(key) : okReply(value);
      case "scan": {
        const regex = new RegExp(JSON.parse(text).regex);
        const found = [...this.values].filter(([name]) => regex.test(name));
        return okReply(`[${found.map(([name, text]) => `[${JSON.stringify(name)},${text}]`)}]`);
      }
      default:
        return okReply("null");
    }
  }
}

interface SharedServerOptions {
  readonly port?: number;
  /** Whether it does not reply to `hello` (default: no). */
  readonly isSilent?: (server: FakeServer) => boolean;
  /** Called after a request was executed; "drop": no reply (default: reply at once). */
  readonly beforeReply?: (
    request: FakeRequest,
    server: FakeServer,
  ) => "drop" | void | Promise<"drop" | void>;
}

/** Some servers of one shared table and name, in one catalog. */
export class SharedServers implements AsyncDisposable {
  readonly table = new SharedTable();
  readonly catalog: NameCatalog;
  readonly servers: readonly FakeServer[];
  /** Called after each executed request. */
  onRequest: (request: FakeRequest) => void = () => {};
  readonly #stack = new AsyncDisposableStack();

  constructor(project: string, count: number, options: SharedServerOptions = {}) {
    const beforeReply: SharedServerOptions["beforeReply"] = (request, server) => {
      this.onRequest(request);
      return options.beforeReply?.(request, server);
    };
    const serve = () => this.table.serve(project, { ...options, beforeReply });
    this.servers = Array.from({ length: count }, serve);
    this.catalog = new NameCatalog(project, ...this.servers);
    this.#stack.use(this.catalog);
    for (const server of this.servers) this.#stack.use(server);
  }

  /** The server at an address. */
  at({ port }: { readonly port: number }): FakeServer {
    const server = this.servers.find((one) => one.port === port);
    if (server === undefined) throw new RangeError(`No server has port ${port}`);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Connections by agent, from the received lines of `hello`. */
function agentsAt({ lines }: FakeServer): Record<string, unknown> {
  const agents: Record<string, number> = {};
  for (const line of lines) {
    const { method, agent } = JSON.parse(line);
    if (method === "hello" && typeof agent === "string") agents[agent] = (agents[agent] ?? 0) + 1;
  }
  return { agents };
}

function okReply(result: string): string {
  return `{"status":"OK","result":${result}}`;
}

function keyError(key: string): string {
  return JSON.stringify({ status: "ERROR", type: "KeyError", message: `no ${key}` });
}
