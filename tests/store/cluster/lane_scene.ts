/** A lane whose connection is scripted. */
import { machineTiming, type Timing } from "../../../lib/base/clock.ts";
import { DurableLane } from "../../../lib/store/cluster/durable_lane.ts";
import type { Lane } from "../../../lib/store/cluster/lane.ts";
import { LaneQueue } from "../../../lib/store/cluster/lane_queue.ts";
import { PendingCommand } from "../../../lib/store/cluster/pending_command.ts";
import { PlainLane } from "../../../lib/store/cluster/plain_lane.ts";
import type { CommandKind } from "../../../lib/store/store.ts";
import { ScriptedHost } from "./scripted_link.ts";
import { TestCommand } from "./store_commands.ts";

const KEYS = { text: (bucket: number) => `{b${bucket}}` };

/** A lane, its queue and its host. */
export class LaneScene {
  readonly host: ScriptedHost;
  readonly queue = new LaneQueue();
  readonly lane: Lane;

  constructor(isDurable: boolean = true, timing: Timing = machineTiming) {
    const host = this.host = new ScriptedHost(timing);
    this.lane = isDurable
      ? new DurableLane(host, this.queue, KEYS)
      : new PlainLane(host, this.queue, false);
  }

  /** Adds a command for a bucket, whose number names it. */
  add(
    kind: CommandKind,
    bucket: number,
    { isAsked = false, isSweep = false }: { isAsked?: boolean; isSweep?: boolean } = {},
  ): TestCommand {
    const command = new TestCommand(bucket, kind, [kind, `${bucket}`], isSweep);
    const pending = new PendingCommand(command, 0);
    if (isAsked) pending.askAddress = this.host.address;
    this.queue.push(pending);
    return command;
  }
}
