/** What durable lanes send, and when their commands end. */
import assert from "assert";
import type { CommandKind } from "../../../lib/store/store.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";
import { LaneScene } from "./lane_scene.ts";

/** Connects a durable lane with commands in its queue, and returns what it sends. */
async function firstBatch({ lane, host }: LaneScene) {
  lane.pump();
  const link = await host.connection();
  const [info, ...sent] = link.takeSent().map((text) => {
    return text.replace(/^EVAL #!lua flags=allow-oom\n[^]* 1 (?=\S+$)/, "fence ");
  });
  assert.equal(info, "INFO server");
  return { link, sent };
}

Deno.test("durable lane: a batch ends with WAIT, and the next one collects meanwhile", async () => {
  const all = new LaneScene();
  const first = all.add("write", 1), second = all.add("write", 2);
  const { link, sent } = await firstBatch(all);
  assert.deepEqual(sent, ["write 1", "write 2", "WAIT 1 1000"]);
  const third = all.add("write", 3);
  all.add("write", 4);
  all.lane.pump();
  link.reply(1, 0);
  assert.deepEqual([first.ends, second.ends, link.takeSent()], [0, 0, []]);
  link.reply(1);
  assert.deepEqual([first.ends, second.ends, third.ends], [1, 1, 0]);
  all.lane.pump();
  assert.deepEqual(link.takeSent(), ["write 3", "write 4", "WAIT 1 1000"]);
});

/** Sends a batch of ten writes, which takes 5 ms of a virtual clock. */
async function tenWrites() {
  const clock = new VirtualClock();
  const all = new LaneScene(true, clock);
  for (let bucket = 0; bucket < 10; bucket++) all.add("write", bucket);
  const { link } = await firstBatch(all);
  /** Replies to a batch of this many writes after 5 ms. */
  const replyAfter5Ms = async (commands: number) => {
    await clock.run(clock.at(clock.now() + 5));
    link.reply(...Array<number>(commands + 1).fill(1));
  };
  await replyAfter5Ms(10);
  return { all, clock, link, replyAfter5Ms };
}

Deno.test("durable lane: a batch waits for commands, at most as long as the last one took", async () => {
  const { all, clock, link, replyAfter5Ms } = await tenWrites();
  for (let bucket = 10; bucket < 17; bucket++) all.add("write", bucket);
  all.lane.pump();
  assert.deepEqual(link.takeSent(), []);
  all.add("write", 17);
  all.lane.pump();
  assert.equal(link.takeSent().length, 9, "it is nearly as large as the last one");
  await replyAfter5Ms(8);
  all.add("write", 18);
  all.lane.pump();
  assert.deepEqual(link.takeSent(), []);
  await clock.run(clock.at(clock.now() + 5));
  assert.deepEqual(link.takeSent(), ["write 18", "WAIT 1 1000"]);
  await replyAfter5Ms(1);
  all.add("write", 19);
  all.lane.pump();
  assert.deepEqual(link.takeSent(), ["write 19", "WAIT 1 1000"], "one client never waits");
});

Deno.test("durable lane: a delay ends with its connection", async () => {
  const { all, clock } = await tenWrites();
  all.add("write", 10);
  all.lane.pump();
  all.lane.abandon("closed");
  await clock.run(clock.at(clock.now() + 50));
  assert.equal(all.host.links.length, 1);
});

Deno.test("durable lane: a fence covers what reads and removes saw", async () => {
  const all = new LaneScene();
  all.add("conditional write", 5, { isAsked: true });
  all.add("write", 6);
  all.add("read", 7);
  const { sent } = await firstBatch(all);
  assert.deepEqual(sent, [
    "ASKING",
    "conditional write 5",
    "write 6",
    "read 7",
    "fence {b7}",
    "WAIT 1 1000",
  ]);
});

Deno.test("durable lane: the fence of a migrating slot is asked for, too", async () => {
  const all = new LaneScene();
  all.add("conditional write", 5, { isAsked: true });
  const { sent } = await firstBatch(all);
  const asked = ["ASKING", "conditional write 5", "ASKING", "fence {b5}", "WAIT 1 1000"];
  assert.deepEqual(sent, asked);
});

Deno.test("durable lane: without its fence, what changed nothing is executed again", async () => {
  const all = new LaneScene();
  const ended = [all.add("write", 1), all.add("conditional write", 2)];
  const again = [all.add("conditional write", 3), all.add("read", 4)];
  const tooLong = all.add("conditional write", 5);
  const { link } = await firstBatch(all);
  link.reply(1, "old", null, "value", 70_000, new Error("ASK 1 node:2"), 1);
  assert.deepEqual(ended.map(({ ends }) => ends), [1, 1]);
  assert.deepEqual([...again, tooLong].map(({ ends }) => ends), [0, 0, 0]);
  assert.deepEqual(all.host.reports, [
    "retry: conditional write 3",
    "retry: read 4",
    "retry: conditional write 5",
  ]);
});

Deno.test("durable lane: a refused command ends before the replicas confirm the others", async () => {
  const all = new LaneScene();
  const refused = all.add("write", 1);
  const other = all.add("write", 2);
  const { link } = await firstBatch(all);
  link.reply(new Error("MOVED 1 node:2"));
  assert.deepEqual(all.host.reports, ["refused MOVED: write 1"]);
  link.reply(1, 1);
  assert.deepEqual([refused.ends, other.ends], [0, 1], "the host has the refused one");
  assert.equal(all.host.reports.length, 1);
});

Deno.test("durable lane: WAIT is sent again while replicas are missing", async () => {
  const all = new LaneScene();
  all.host.requiredReplicas = 2;
  const insert = all.add("write", 1);
  const { link, sent } = await firstBatch(all);
  assert.equal(sent.at(-1), "WAIT 2 1000");
  link.reply(1, 1);
  assert.deepEqual(link.takeSent(), ["WAIT 2 1000"]);
  all.host.requiredReplicas = 1; // the cluster has flagged the other one
  link.reply(1);
  assert.equal(insert.ends, 1);
  assert.deepEqual(all.host.reports, ["short 1"]);
});

Deno.test("durable lane: what the replicas cannot confirm is lost, or executed again", async () => {
  const all = new LaneScene();
  const removes = Array<CommandKind>(3).fill("conditional write");
  for (const kind of ["write", ...removes, "read"] as const) all.add(kind, all.queue.length);
  const { link } = await firstBatch(all);
  // The third one replied the length of a value that is too long, and stays.
  link.reply(1, "old", null, 70_000, null, 1, new Error("UNBLOCKED the role has changed"));
  assert.deepEqual(all.host.reports, [
    "lost: write 0",
    "lost: conditional write 1",
    "retry: conditional write 2",
    "retry: conditional write 3",
    "retry: read 4",
  ]);
  assert.equal(all.host.zombies.length, 0, "all were executed");
  assert.equal(all.lane.isBusy, false);
});

Deno.test("durable lane: unanswered writes of an ended connection are ended at the node first", async () => {
  const all = new LaneScene();
  for (const kind of ["conditional write", "conditional write", "read", "write"] as const) {
    all.add(kind, all.queue.length);
  }
  const { link } = await firstBatch(all);
  link.reply(null);
  link.end("reset");
  await link.closed;
  assert.deepEqual(all.host.reports, [
    "retry: conditional write 0",
    "lost: conditional write 1",
    "retry: read 2",
    "lost: write 3",
  ]);
  assert.deepEqual(all.host.zombies, [{ clientId: 77, runId: "abc" }]);
  all.add("write", 9);
  const { link: next, sent } = await firstBatch(all);
  assert.notEqual(next, link);
  assert.deepEqual(sent, ["CLIENT KILL ID 77", "write 9", "WAIT 1 1000"]);
  await Promise.resolve();
  assert.deepEqual(all.host.zombies, []);
});

Deno.test("durable lane: nothing is sent while changes are held back", async () => {
  const all = new LaneScene();
  all.host.isHeld = true;
  all.add("write", 1);
  all.lane.pump();
  assert.equal(all.host.links.length, 0);
  all.host.isHeld = false;
  const { sent } = await firstBatch(all);
  assert.deepEqual(sent, ["write 1", "WAIT 1 1000"]);
});

Deno.test("durable lane: a command that cannot be encoded fails alone", async () => {
  const all = new LaneScene();
  const bad = all.add("write", 1);
  bad.encode = () => {
    throw new RangeError("too large");
  };
  all.add("write", 2);
  const { sent } = await firstBatch(all);
  assert.deepEqual(sent, ["write 2", "WAIT 1 1000"]);
  assert.deepEqual(all.host.reports, ["unsendable: write 1"]);
});

Deno.test("durable lane: a retired node that is silent is abandoned, another one later", async () => {
  const all = new LaneScene();
  all.add("write", 1);
  await firstBatch(all);
  all.lane.tick(0);
  all.lane.tick(2_000);
  assert.deepEqual(all.host.reports, []);
  all.host.isRetired = true;
  all.lane.tick(2_100);
  assert.deepEqual(all.host.reports, ["lost: write 1"]);
  all.host.isRetired = false;
  all.add("write", 2);
  await firstBatch(all);
  for (const ms of [3_000, 3_100, 12_900]) all.lane.tick(ms);
  assert.equal(all.host.reports.length, 1);
  all.lane.tick(13_200);
  assert.deepEqual(all.host.reports, ["lost: write 1", "lost: write 2"]);
});
