/** An announcer in virtual time, for tests: its catalogs, its updates and its log. */
import { type Address, addressText } from "../../../lib/base/address.ts";
import { createLog } from "../../../lib/base/log.ts";
import { Announcer, type AnnouncerOptions } from "../../../lib/catalog/announce/announcer.ts";
import type { ServerFacts, ServerRecord } from "../../../lib/catalog/record/server_record.ts";
import { serverFacts, serverRecord } from "../records.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

/** The facts of the server. */
export const FACTS: ServerFacts = serverFacts();

/** The server's own record in a listing; it is never stale. */
export const OWN: ServerRecord = serverRecord({
  address: "192.0.2.1",
  instance: FACTS.instance,
  lastheardfrom: Number.MAX_SAFE_INTEGER,
});

/** Two catalogs. */
export const A: Address = { hostname: "192.0.2.8", port: 9_097 };
export const B: Address = { hostname: "192.0.2.9", port: 9_097 };

/** An update that was sent. */
interface SentUpdate {
  readonly atMs: number;
  readonly to: string;
  readonly from: string;
  readonly record: Record<string, unknown>;
}

/** The listing of a catalog at a moment; a string is the reason why it has none. */
type ListingAt = (nowMs: number) => readonly ServerRecord[] | string | "silent";

/** Records updates and the log, in virtual time. */
export class UpdateRecorder {
  readonly clock = new VirtualClock();
  readonly sent: SentUpdate[] = [];
  readonly lines: string[] = [];
  readonly options = {
    catalogs: [A],
    intervalMs: 60_000,
    facts: () => FACTS,
    log: createLog({
      write: (line) => this.lines.push(line.slice(line.indexOf(" ") + 1).trimEnd()),
    }),
    timing: this.clock,
    send: (text: string, to: Address, from: string) => {
      const record = JSON.parse(text);
      this.sent.push({ atMs: this.clock.now(), to: addressText(to), from, record });
      return Promise.resolve();
    },
  };
}

/** An announcer in virtual time, with its updates and its log. */
export class Scene extends UpdateRecorder {
  readonly announcer: Announcer;

  constructor(
    listings: Readonly<Record<string, ListingAt>>,
    options: Partial<AnnouncerOptions> = {},
  ) {
    super();
    this.announcer = new Announcer({
      ...this.options,
      addresses: () => [],
      query: async ({ hostname }, signal) => {
        const listing = listings[hostname]?.(this.clock.now()) ?? "nothing listens there";
        if (listing === "silent") await this.clock.sleep(1e9, signal);
        if (typeof listing === "string") throw new Error(listing);
        return [...listing];
      },
      ...options,
    });
  }

  /** Starts it at time 0, advances the time, and returns the moments of all updates. */
  async until(ms: number): Promise<number[]> {
    if (this.clock.now() === 0) this.announcer.start();
    await this.clock.run(this.clock.at(ms));
    return this.sent.map(({ atMs }) => atMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.announcer.stop();
  }
}
