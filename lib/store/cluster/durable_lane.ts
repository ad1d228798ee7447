/**
 * A lane whose commands end when the replicas have what they wrote or saw.
 *
 * A batch is `commands, fence (if needed), WAIT <replicas> <timeout>` in one write. The next batch collects
 * meanwhile, and for a moment after it (`batch_delay.ts`), so that many commands share one wait. A second
 * connection with a batch of its own in the meantime was not faster: it makes batches smaller. A command that
 * the node refuses ends at once. The reply of another one counts only after `WAIT` has confirmed it:
 *
 * - confirmed: it is done;
 * - not confirmed, and it changed nothing (a read, or a conditional write whose reply says so): it is
 *   executed again;
 * - not confirmed, and it may have changed something: it is lost.
 */
import { BatchDelay } from "./batch_delay.ts";
import type { LaneQueue } from "./lane_queue.ts";
import { Lane, MAX_SWEEPS, MAX_UNSENT_BYTES } from "./lane.ts";
import { ASKING, Fence, Wait } from "./lane_commands.ts";
import type { LaneHost } from "./lane_host.ts";
import type { NodeLink } from "../node_link.ts";
import type { PendingCommand } from "./pending_command.ts";

/** Commands of a batch. */
const MAX_BATCH = 4_096;

/** Longest time of one `WAIT`, in milliseconds: then the number of required replicas may have changed. */
const WAIT_MS = 1_000;

/** Time after which a batch is given up, in milliseconds. */
const MAX_BATCH_MS = 10_000;

/** What a durable lane needs to know about the table. */
export interface FenceKeys {
  /** The key of a bucket. */
  text(bucket: number): string;
}

/** A lane with one batch in flight. */
export class DurableLane extends Lane {
  readonly #keys: FenceKeys;
  /** The commands of the batch; undefined: it has ended. */
  readonly #batch: (PendingCommand | undefined)[] = [];
  /** Commands of the batch with a reply. */
  #answered = 0;
  #fence: Fence | undefined;
  #sentMs = 0;
  #isBusy = false;
  readonly #delay: BatchDelay;

  constructor(host: LaneHost, queue: LaneQueue, keys: FenceKeys) {
    super(host, queue, { hasWrites: true, maxSilentMs: MAX_BATCH_MS });
    this.#keys = keys;
    this.#delay = new BatchDelay(host.timing, () => this.pump());
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  pump(): void {
    const { length } = this.queue;
    if (this.#isBusy || length === 0 || this.host.isHeld || this.#delay.holds(length)) return;
    const link = this.connected();
    if (link === undefined) return;
    const batch = this.#batch;
    let sweeps = 0, fenced: PendingCommand | undefined;
    while (batch.length < MAX_BATCH && link.unsentBytes < MAX_UNSENT_BYTES) {
      const command = this.queue.shift(sweeps < MAX_SWEEPS);
      if (command === undefined) break;
      if (!this.send(link, command)) continue;
      batch.push(command);
      if (command.command.isSweep === true) sweeps++;
      if (command.command.kind !== "write") fenced = command;
    }
    if (batch.length === 0) return;
    this.#isBusy = true;
    this.#answered = 0;
    this.#sentMs = this.host.timing.now();
    this.#fence = fenced && this.#sendFence(link, fenced);
    this.#sendWait(link);
  }

  override abandon(why: string): void {
    this.#delay.cancel();
    super.abandon(why);
  }

  onReply(command: PendingCommand): void {
    this.replies++;
    const at = this.#answered++;
    if (command.errorCode === "") return;
    // Refused: no need to wait for replicas.
    this.#batch[at] = undefined;
    this.host.onRefused(command);
  }

  protected endSent(why: string): boolean {
    const answered = this.#answered;
    let mayChange = false;
    this.#end((command, at) => {
      if (this.#hasChangedNothing(command, at < answered)) this.host.onRetry(command, why);
      else {
        if (at >= answered) mayChange = true;
        this.host.onLost(command, why);
      }
    });
    return mayChange;
  }

  #sendFence(link: NodeLink, { command, askAddress }: PendingCommand): Fence {
    const fence = new Fence(this.#keys.text(command.bucket));
    if (askAddress !== undefined) link.send(ASKING);
    link.send(fence);
    return fence;
  }

  #sendWait(link: NodeLink): void {
    const { requiredReplicas } = this.host;
    link.send(new Wait(requiredReplicas, WAIT_MS, (wait) => this.#onWait(link, wait)));
    link.flush();
  }

  #onWait(link: NodeLink, { integer, error }: Wait): void {
    this.replies++;
    const { host } = this;
    if (error === "" && integer >= host.requiredReplicas) return this.#onDurable();
    if (error === "") host.onShort(integer);
    const ageMs = host.timing.now() - this.#sentMs;
    const mayHelp = error === "" && !host.isRetired && ageMs < MAX_BATCH_MS - WAIT_MS;
    if (mayHelp && this.#batch.some((command) => command !== undefined)) {
      return this.#sendWait(link);
    }
    this.endSent(
      error === ""
        ? `only ${integer} of ${host.requiredReplicas} replicas of ${host.name} have confirmed it`
        : `the replicas of ${host.name} have not confirmed it: ${error}`,
    );
    host.schedulePump();
  }

  #onDurable(): void {
    const isFenced = this.#fence === undefined || this.#fence.isWritten;
    this.host.onBatch();
    this.#delay.onBatch(this.#batch.length, this.#sentMs);
    this.#end((command) => {
      // Without its fence, `WAIT` has not covered what a command saw that wrote nothing itself.
      if (!isFenced && this.#hasChangedNothing(command, true)) {
        this.host.onRetry(command, `${this.host.name} has refused the fence`);
      } else command.command.done();
    });
    this.host.schedulePump();
  }

  #hasChangedNothing(
    { command, isUnchanged, isUnsent }: PendingCommand,
    isAnswered: boolean,
  ): boolean {
    return command.kind === "read" || isUnsent ||
      command.kind === "conditional write" && isAnswered && isUnchanged;
  }

  /** Ends the batch, and calls the function with each of its commands that has not ended. */
  #end(end: (command: PendingCommand, at: number) => void): void {
    const commands = this.#batch.splice(0);
    this.#isBusy = false;
    for (const [at, command] of commands.entries()) if (command !== undefined) end(command, at);
  }
}
