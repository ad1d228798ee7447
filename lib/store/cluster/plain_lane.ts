/** A lane without waiting for replicas: each command ends with its reply, and any number are in flight. */
import { Fifo } from "../../base/fifo.ts";
import type { LaneQueue } from "./lane_queue.ts";
import { Lane, MAX_SWEEPS, MAX_UNSENT_BYTES } from "./lane.ts";
import type { LaneHost } from "./lane_host.ts";
import type { PendingCommand } from "./pending_command.ts";

/** Commands in flight; further ones wait in the queue, where they can still go to another node. */
const MAX_IN_FLIGHT = 4_096;

/** A lane for reads, and for all commands of a store without replicas. */
export class PlainLane extends Lane {
  readonly #sent = new Fifo<PendingCommand>();
  #sweeps = 0;

  /** @param hasWrites whether it also gets writes */
  constructor(host: LaneHost, queue: LaneQueue, hasWrites: boolean) {
    // Without writes it may give up earlier: reads are executed again on a new connection.
    super(host, queue, { hasWrites, maxSilentMs: hasWrites ? 10_000 : 5_000 });
  }

  get isBusy(): boolean {
    return this.#sent.length > 0;
  }

  pump(): void {
    const { queue } = this;
    if (queue.length === 0) return;
    const link = this.connected();
    if (link === undefined) return;
    while (this.#sent.length < MAX_IN_FLIGHT && link.unsentBytes < MAX_UNSENT_BYTES) {
      const command = queue.shift(this.#sweeps < MAX_SWEEPS);
      if (command === undefined) break;
      if (!this.send(link, command)) continue;
      this.#sent.push(command);
      if (command.command.isSweep === true) this.#sweeps++;
    }
    link.flush();
  }

  onReply(command: PendingCommand): void {
    this.#sent.shift();
    this.replies++;
    if (command.command.isSweep === true) this.#sweeps--;
    if (command.errorCode !== "") this.host.onRefused(command);
    else command.command.done();
    if (this.queue.length > 0) this.host.schedulePump();
  }

  protected endSent(why: string): boolean {
    const commands = [...this.#sent];
    while (this.#sent.length > 0) this.#sent.shift();
    this.#sweeps = 0;
    let mayChange = false;
    for (const command of commands) {
      if (command.command.kind === "read" || command.isUnsent) this.host.onRetry(command, why);
      else {
        mayChange = true;
        this.host.onLost(command, why);
      }
    }
    return mayChange;
  }
}
