/**
 * Connections for questions about nodes, one for each node: the connections with commands may wait for
 * replicas or for large replies.
 */
import { type Address, addressText } from "../../base/address.ts";
import type { Timing } from "../../base/clock.ts";
import { within } from "./deadline.ts";
import type { NodeLink, ReplyValue } from "../node_link.ts";

/** Connects to a node. After an abort of the signal, no connection may stay. */
export type Connect = (address: Address, signal: AbortSignal) => Promise<NodeLink>;

/** Asks nodes. */
export class ControlLinks {
  readonly #connect: Connect;
  readonly #timing: Timing;
  readonly #links = new Map<string, NodeLink>();
  readonly #stop = new AbortController();

  constructor(connect: Connect, timing: Timing) {
    this.#connect = connect;
    this.#timing = timing;
  }

  /**
   * Asks a node several questions at once.
   *
   * @param timeoutMs longest time, in milliseconds, with the time to connect
   * @throws {Error} if it does not answer in time; its connection is then closed
   */
  async ask(
    address: Address,
    timeoutMs: number,
    questions: readonly (readonly string[])[],
  ): Promise<PromiseSettledResult<ReplyValue>[]> {
    let link: NodeLink | undefined;
    try {
      return await within(this.#timing, timeoutMs, async (signal) => {
        link = await this.#link(address, signal);
        signal.throwIfAborted();
        const asked = link;
        return await Promise.allSettled(questions.map((words) => asked.ask(...words)));
      }, this.#stop.signal);
    } catch (error) {
      link?.close();
      throw error;
    }
  }

  /** Closes the connections to all other nodes than these. */
  keep(addresses: readonly Address[]): void {
    const kept = new Set(addresses.map(addressText));
    for (const [name, link] of this.#links) if (!kept.has(name)) link.close();
  }

  /** Closes all connections, also those that are being made. */
  close(): void {
    this.#stop.abort();
    for (const link of this.#links.values()) link.close();
  }

  async #link(address: Address, signal: AbortSignal): Promise<NodeLink> {
    const name = addressText(address);
    const known = this.#links.get(name);
    if (known !== undefined) return known;
    const link = await this.#connect(address, signal);
    const other = this.#links.get(name);
    if (this.#stop.signal.aborted || signal.aborted || other !== undefined) link.close();
    if (other !== undefined) return other;
    if (this.#stop.signal.aborted || signal.aborted) throw new Error("it was given up");
    this.#links.set(name, link);
    void link.closed.then(() => {
      if (this.#links.get(name) === link) this.#links.delete(name);
    });
    return link;
  }
}
