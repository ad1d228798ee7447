/**
 * A lane: one connection to a node for commands of the table, made again when it has ended.
 *
 * It sends what waits in the queue of its node. A lane with writes first ends the earlier connections whose
 * writes are unanswered (zombies): bytes of them that are still in flight must not change the table
 * later.
 */
import { pauseAfterFailures } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { LaneQueue } from "./lane_queue.ts";
import { within } from "./deadline.ts";
import { ASKING } from "./lane_commands.ts";
import type { LaneHost, Zombie } from "./lane_host.ts";
import { NodeError, type NodeLink } from "../node_link.ts";
import type { PendingCommand, ReplyOwner } from "./pending_command.ts";

/** Longest time to connect, in milliseconds, with TLS and authentication. */
const CONNECT_MS = 2_000;

/** Pause after a failed attempt to connect, in milliseconds. */
const CONNECT_PAUSE = { first: 20, largest: 500 };

/** Encoded bytes that wait for the system, for each connection (I5). Further commands wait unencoded. */
export const MAX_UNSENT_BYTES = 16_000_000;

/** Commands of sweeps in flight on a connection, so that other commands are not behind thousands of them. */
export const MAX_SWEEPS = 128;

/** Time without a reply after which the other nodes are asked about this one, in milliseconds. */
const SILENT_MS = 500;

/** What distinguishes lanes. */
export interface LaneOptions {
  readonly hasWrites: boolean;
  /** Time without a reply after which the connection is abandoned, in milliseconds. */
  readonly maxSilentMs: number;
}

/** A connection of a node, and what waits for it. */
export abstract class Lane implements ReplyOwner {
  protected readonly host: LaneHost;
  protected readonly queue: LaneQueue;
  readonly #options: LaneOptions;
  #link: NodeLink | undefined;
  /** Identifies the process of the node: a client id counts only there. */
  #runId = "";
  /** Aborted when the current connection is not wanted any more; undefined: none is wanted. */
  #wanted: AbortController | undefined;
  /** Connections in a row that could not be made, or ended without a reply. */
  #failures = 0;
  /** Replies so far. */
  protected replies = 0;
  #repliesAtConnect = 0;
  #repliesAtTick = 0;
  #lastReplyMs = 0;

  constructor(host: LaneHost, queue: LaneQueue, options: LaneOptions) {
    this.host = host;
    this.queue = queue;
    this.#options = options;
  }

  /** Whether commands were sent that have not ended. */
  abstract get isBusy(): boolean;

  /** Sends what can be sent. */
  abstract pump(): void;

  abstract onReply(command: PendingCommand): void;

  /**
   * Ends the commands that were sent: their replies will not come.
   *
   * @returns whether the node may still execute some of them, and they change the table
   */
  protected abstract endSent(why: string): boolean;

  /** The connection; undefined: it is being made, and then `pump` is called. */
  protected connected(): NodeLink | undefined {
    if (this.#wanted === undefined) void this.#connect();
    const link = this.#link;
    if (link !== undefined && this.#options.hasWrites) {
      for (const zombie of this.host.zombies) {
        if (zombie.runId === this.#runId) this.#kill(link, zombie);
      }
    }
    return link;
  }

  /**
   * Sends a command, with `ASKING` before it if need be.
   *
   * @returns false: it cannot be encoded, and has failed
   */
  protected send(link: NodeLink, command: PendingCommand): boolean {
    if (command.askAddress !== undefined) link.send(ASKING);
    try {
      link.send(command.sentBy(this));
      return true;
    } catch (error) {
      this.host.onUnsendable(command, messageOf(error));
      return false;
    }
  }

  /** Called a few times a second. */
  tick(nowMs: number): void {
    if (!this.isBusy || this.replies !== this.#repliesAtTick) {
      this.#repliesAtTick = this.replies;
      this.#lastReplyMs = nowMs;
      return;
    }
    const silentMs = nowMs - this.#lastReplyMs;
    if (silentMs < SILENT_MS) return;
    this.host.onSilent();
    if (silentMs >= this.#options.maxSilentMs || this.host.isRetired) {
      this.abandon(`${this.host.name} did not reply for ${Math.round(silentMs)} ms`);
    }
  }

  /** Closes the connection. Commands that were sent end; a later `pump` connects again. */
  abandon(why: string): void {
    const link = this.#link;
    this.#wanted?.abort();
    this.#wanted = this.#link = undefined;
    this.#failures = 0;
    this.#repliesAtTick = -1; // the silence of the next connection begins with the next tick
    link?.close();
    if (!this.isBusy) return;
    this.host.onAbandoned();
    if (this.endSent(why) && link !== undefined) {
      this.host.addZombie({ clientId: link.clientId, runId: this.#runId });
    }
  }

  /** Makes the connection, until it is made or not wanted any more. Never rejects. */
  async #connect(): Promise<void> {
    const wanted = this.#wanted = new AbortController();
    const { timing } = this.host;
    while (this.#wanted === wanted) {
      if (this.#failures > 0) {
        await timing.sleep(pauseAfterFailures(CONNECT_PAUSE, this.#failures), wanted.signal);
      }
      if (this.#wanted !== wanted) return;
      if (this.queue.length === 0) return void (this.#wanted = undefined);
      try {
        const { link, runId } = await within(
          timing,
          CONNECT_MS,
          (signal) => this.#open(signal),
          wanted.signal,
        );
        if (this.#wanted === wanted) this.#use(link, runId);
        else link.close();
        return;
      } catch (error) {
        if (this.#wanted !== wanted) return;
        this.#failures++;
        this.host.onUnreachable(messageOf(error));
      }
    }
  }

  async #open(signal: AbortSignal): Promise<{ link: NodeLink; runId: string }> {
    const link = await this.host.connect(this.host.address, signal);
    const close = () => link.close();
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
    const runId = this.#options.hasWrites ? await runIdOf(link) : "";
    signal.removeEventListener("abort", close);
    return { link, runId };
  }

  #use(link: NodeLink, runId: string): void {
    this.#link = link;
    this.#runId = runId;
    this.#repliesAtConnect = this.replies;
    void link.closed.then((why) => {
      if (this.#link !== link) return;
      const failures = this.replies === this.#repliesAtConnect ? this.#failures + 1 : 0;
      this.abandon(why);
      this.#failures = failures;
      this.host.onUnreachable(why);
      this.pump();
    });
    this.host.onConnected(runId);
    this.pump();
  }

  /** The commands that follow are executed after this one. */
  #kill(link: NodeLink, zombie: Zombie): void {
    const remove = () => this.host.removeZombie(zombie);
    link.ask("CLIENT", "KILL", "ID", String(zombie.clientId)).then(remove, (error) => {
      // The node replies an error if that connection has ended already.
      if (error instanceof NodeError) remove();
    });
  }
}

/** The number of the node's process; "": it does not say. */
async function runIdOf(link: NodeLink): Promise<string> {
  try {
    const text = await link.ask("INFO", "server");
    return typeof text === "string" ? /^run_id:(\w+)/m.exec(text)?.[1] ?? "" : "";
  } catch (error) {
    if (error instanceof NodeError) return "";
    throw error;
  }
}
