/** The nodes that a watch asks, and what it believes. */
import assert from "assert";
import type { Address } from "../../../lib/base/address.ts";
import { BucketKeys } from "../../../lib/store/bucket_keys.ts";
import { bucketSlots, SLOTS } from "../../../lib/store/bucket_slots.ts";
import { ClusterStore } from "../../../lib/store/cluster/cluster_store.ts";
import { ClusterWatch, type WatchResult } from "../../../lib/store/cluster/cluster_watch.ts";
import { ControlLinks } from "../../../lib/store/cluster/control_links.ts";
import { type LinkCommand, NodeError, type ReplyValue } from "../../../lib/store/node_link.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";
import { ScriptedLink } from "./scripted_link.ts";
import { TestTable } from "./store_commands.ts";

const ONE_REPLICA = "slave0:ip=10.0.0.1,port=1,state=online,offset=1,lag=0\r\n";

function addressOf(number: number): Address {
  return { hostname: "10.0.0.1", port: 7_000 + number };
}

function idOf(number: number): string {
  return String(number).padStart(40, "0");
}

/** The reply of each node to `CLUSTER NODES`: masters with equal parts of the slots, and a replica of each. */
function nodesText(masters: number): string {
  const lineOf = (number: number) => {
    const master = number % masters;
    const first = Math.ceil(master * SLOTS / masters);
    const last = Math.ceil((master + 1) * SLOTS / masters) - 1;
    const role = number < masters ? "master -" : `slave ${idOf(master)}`;
    const slots = number < masters ? ` ${first}-${last}` : "";
    const { hostname, port } = addressOf(number);
    return `${idOf(number)} ${hostname}:${port}@1${port} ${role} 0 0 ${
      master + 1
    } connected${slots}\n`;
  };
  return Array.from({ length: 2 * masters }, (_, number) => lineOf(number)).join("");
}

/** A connection to a node of a cluster that never changes. */
class WatchedLink extends ScriptedLink {
  readonly #text: string;
  readonly #wait: () => Promise<number>;
  replication: string | Error = ONE_REPLICA;

  /** @param wait the reply to `WAIT` */
  constructor(text: string, wait: () => Promise<number>) {
    super();
    this.#text = text;
    this.#wait = wait;
  }

  override async ask(...words: readonly string[]): Promise<ReplyValue> {
    if (words.join(" ") === "INFO replication" && this.replication instanceof Error) {
      throw this.replication;
    }
    switch (words.join(" ")) {
      case "CLUSTER NODES":
        return this.#text;
      case "INFO replication":
        return String(this.replication);
      default:
        return await super.ask(...words);
    }
  }

  override send(command: LinkCommand): void {
    super.send(command);
    if (this.sent.at(-1)?.startsWith("WAIT") !== true) return void this.#reply(Promise.resolve(1));
    void this.#reply(this.#wait());
  }

  async #reply(reply: Promise<number>): Promise<void> {
    this.reply(await reply);
  }
}

Deno.test("cluster watch: also the last of many masters is asked while its changes are held back", async () => {
  const masters = 40, clock = new VirtualClock(1), keys = new BucketKeys("test");
  const text = nodesText(masters), slots = bucketSlots(keys);
  let confirmed = 0;
  const store = new ClusterStore({
    seeds: [addressOf(0)],
    connect: () =>
      Promise.resolve(new WatchedLink(text, () => clock.sleep(100).then(() => confirmed))),
    scripts: [],
    slots,
    keys,
    isCluster: true,
    timing: clock,
  });
  const table = new TestTable(store, keys);
  const last = slots.findIndex((slot) => slot >= SLOTS - SLOTS / masters);
  await clock.run((async () => {
    assert.equal((await table.insert(last, "key", "1")).end, "lost");
    confirmed = 1;
    assert.deepEqual(await table.insert(last, "key", "2"), { end: "done", value: 1 });
    await store.close();
  })());
});

Deno.test("cluster watch: a node that does not answer is not believed to have replicas", async () => {
  const cases: readonly [Error, number | undefined][] = [
    [new NodeError("NOPERM", "NOPERM this user has no permissions to run 'info'"), Infinity],
    [new NodeError("ERR", "ERR unknown command 'INFO'"), Infinity],
    [new NodeError("ERR", "ERR internal error"), undefined],
    [new Error("the connection broke"), undefined],
  ];
  for (const [error, online] of cases) {
    const clock = new VirtualClock(1), text = nodesText(1);
    const links = new ControlLinks(({ port }) => {
      const link = new WatchedLink(text, () => Promise.resolve(1));
      if (port === addressOf(0).port) link.replication = error;
      return Promise.resolve(link);
    }, clock);
    const results: WatchResult[] = [];
    const onResult = (result: WatchResult) => results.push(result);
    const seeds = [addressOf(0), addressOf(1)];
    const watch = new ClusterWatch({ seeds, links, timing: clock, onResult });
    await clock.run((async () => {
      watch.start();
      await clock.sleep(1_000);
      await watch.close();
      links.close();
    })());
    assert.equal(results.at(-1)?.replication.get("10.0.0.1:7000")?.online, online, error.message);
  }
});

Deno.test("cluster watch: the error is of the last round, and a refusal before a silence", async () => {
  const clock = new VirtualClock(1), text = nodesText(3);
  // A late answer belongs to its round, unless it is very late.
  const delaysMs = new Map([[addressOf(3).port, 50], [addressOf(4).port, 900]]);
  let isDown = true;
  const links = new ControlLinks(async ({ port }) => {
    if (port === addressOf(5).port && isDown) throw new Error("refused");
    await clock.sleep(delaysMs.get(port) ?? 0);
    return new WatchedLink(text, () => Promise.resolve(1));
  }, clock);
  const seeds = [0, 1, 2, 3, 4, 5].map(addressOf);
  const watch = new ClusterWatch({ seeds, links, timing: clock, onResult() {} });
  await clock.run((async () => {
    watch.start();
    await clock.sleep(500);
    assert.match(watch.lastError, /^10\.0\.0\.1:7005: .*refused$/);
    isDown = false;
    await clock.sleep(10_000);
    assert.equal(watch.lastError, "");
    await watch.close();
    links.close();
  })());
});

Deno.test("cluster watch: a node that is silent at the end of a round is the error", async () => {
  const clock = new VirtualClock(1), text = nodesText(2);
  const links = new ControlLinks(async ({ port }) => {
    if (port === addressOf(3).port) await clock.sleep(900);
    return new WatchedLink(text, () => Promise.resolve(1));
  }, clock);
  const seeds = [0, 1, 2, 3].map(addressOf);
  const watch = new ClusterWatch({ seeds, links, timing: clock, onResult() {} });
  await clock.run((async () => {
    watch.start();
    await clock.sleep(500);
    assert.equal(watch.lastError, "10.0.0.1:7003 does not answer");
    await watch.close();
    links.close();
  })());
});
