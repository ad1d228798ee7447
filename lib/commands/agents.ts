/** The agents of a server: counts connections by the program that the client names in `hello`. */
import { MAX_AGENTS } from "../base/limits.ts";
import type { Client } from "./client_state.ts";

/** Counts connections by agent. */
export class Agents {
  /** Number of connections by agent, at least 1 each. It has at most `MAX_AGENTS` agents (I5). */
  readonly #connections = new Map<string, number>();

  /** Number of connections by agent. */
  get counts(): ReadonlyMap<string, number> {
    return this.#connections;
  }

  /** Counts a client's connection for an agent, and no longer for the agent that it named before. */
  add(client: Client, agent: string): void {
    if (client.agent === agent) return;
    this.remove(client);
    const count = this.#connections.get(agent) ?? 0;
    if (count === 0 && this.#connections.size >= MAX_AGENTS) return;
    this.#connections.set(agent, count + 1);
    client.agent = agent;
  }

  /** Stops counting a connection, if it was counted. */
  remove(client: Client): void {
    const { agent } = client;
    if (agent === undefined) return;
    client.agent = undefined;
    const count = this.#connections.get(agent) ?? 0;
    if (count > 1) this.#connections.set(agent, count - 1);
    else this.#connections.delete(agent);
  }
}
