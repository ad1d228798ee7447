/** A lane without network and cluster: the test sees what it sends, replies, and sees what it reports. */
import assert from "assert";
import type { Timing } from "../../../lib/base/clock.ts";
import { ByteBuilder } from "../../../lib/bytes/byte_builder.ts";
import { textAt } from "../../../lib/bytes/span.ts";
import type { LaneHost, Zombie } from "../../../lib/store/cluster/lane_host.ts";
import type { PendingCommand } from "../../../lib/store/cluster/pending_command.ts";
import type { LinkCommand, NodeLink, ReplyValue } from "../../../lib/store/node_link.ts";
import { utf8 } from "../../helpers/streams.ts";

/** A reply: an error is an `Error` whose message begins with its code. */
type Reply = string | number | null | Error;

/** A connection on which the test replies. */
export class ScriptedLink implements NodeLink {
  readonly address = { hostname: "node", port: 1 };
  readonly clientId = 77;
  unsentBytes = 0;
  /** All sent commands, as words with spaces between them. */
  readonly sent: string[] = [];
  readonly #waiting: LinkCommand[] = [];
  readonly #ended = Promise.withResolvers<string>();
  readonly closed: Promise<string> = this.#ended.promise;
  isClosed = false;

  send(command: LinkCommand): void {
    const out = new ByteBuilder();
    command.encode(out);
    const parts = textAt(out.bytes, 0, out.length).split("\r\n");
    this.sent.push(parts.filter((_, at) => at > 0 && at % 2 === 0).join(" "));
    this.#waiting.push(command);
  }

  flush(): void {}

  ask(...words: readonly string[]): Promise<ReplyValue> {
    this.sent.push(words.join(" "));
    return Promise.resolve(words[0] === "INFO" ? "run_id:abc\r\n" : "OK");
  }

  /** Replies to the next commands. */
  reply(...replies: readonly Reply[]): void {
    for (const reply of replies) {
      const command = this.#waiting.shift();
      assert(command !== undefined, "no command waits for a reply");
      command.begin();
      if (reply instanceof Error) {
        command.onError(reply.message.split(" ", 1)[0] ?? "", reply.message);
      } else if (reply === null) command.onNil();
      else if (typeof reply === "number") command.onInteger(reply);
      else if (command.takesString(reply.length)) {
        command.onString(utf8(reply), 0, reply.length);
      }
      command.onEnd();
    }
  }

  /** The sent commands since the last call. */
  takeSent(): string[] {
    return this.sent.splice(0);
  }

  close(): void {
    this.end("closed");
  }

  /** Ends the connection. @param unsent number of the last commands that were not sent (default: 0) */
  end(why: string, unsent: number = 0): void {
    for (const command of this.#waiting.splice(this.#waiting.length - unsent)) command.onUnsent?.();
    this.isClosed = true;
    this.#ended.resolve(why);
  }
}

/** What a lane reports. */
export class ScriptedHost implements LaneHost {
  readonly address = { hostname: "node", port: 1 };
  readonly name = "node:1";
  readonly timing: Timing;
  /** The connections of the lane, the current one last. */
  readonly links: ScriptedLink[] = [];
  isRetired = false;
  isHeld = false;
  requiredReplicas = 1;
  zombies: readonly Zombie[] = [];
  /** What was reported, such as `retry insert 1`. */
  readonly reports: string[] = [];
  #connected = Promise.withResolvers<void>();

  constructor(timing: Timing) {
    this.timing = timing;
  }

  readonly connect = (): Promise<NodeLink> => {
    const link = new ScriptedLink();
    this.links.push(link);
    return Promise.resolve(link);
  };

  /** Waits until the lane has a new connection. */
  async connection(): Promise<ScriptedLink> {
    await this.#connected.promise;
    this.#connected = Promise.withResolvers<void>();
    const link = this.links.at(-1);
    assert(link !== undefined);
    return link;
  }

  addZombie(zombie: Zombie): void {
    this.zombies = [...this.zombies, zombie];
  }

  removeZombie(zombie: Zombie): void {
    this.zombies = this.zombies.filter((other) => other !== zombie);
  }

  onConnected(): void {
    this.#connected.resolve();
  }

  onUnreachable(): void {}
  onSilent(): void {}
  schedulePump(): void {}
  onAbandoned(): void {}
  onBatch(): void {}

  onShort(confirmed: number): void {
    this.reports.push(`short ${confirmed}`);
  }

  onUnsendable(command: PendingCommand): void {
    this.#report("unsendable", command);
  }

  onRefused(command: PendingCommand): void {
    this.#report(`refused ${command.errorCode}`, command);
  }

  onRetry(command: PendingCommand): void {
    this.#report("retry", command);
  }

  onLost(command: PendingCommand): void {
    this.#report("lost", command);
  }

  #report(what: string, { command: { kind, bucket } }: PendingCommand): void {
    this.reports.push(`${what}: ${kind} ${bucket}`);
  }
}
