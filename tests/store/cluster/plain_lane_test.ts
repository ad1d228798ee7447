/** What plain lanes send, and what both kinds of lanes do with commands that were not sent. */
import assert from "assert";
import { LaneScene } from "./lane_scene.ts";

Deno.test("plain lane: other commands pass those of sweeps", async () => {
  const all = new LaneScene(false);
  const sweeps = Array.from({ length: 1_000 }, (_, at) => all.add("read", at, { isSweep: true }));
  all.lane.pump();
  const link = await all.host.connection();
  assert.equal(link.takeSent().length, 128);
  const lookup = all.add("read", 5_000);
  all.lane.pump();
  assert.deepEqual(link.takeSent(), ["read 5000"]);
  for (let replies = 0; replies < 128; replies++) link.reply(0);
  link.reply("value");
  assert.equal(lookup.ends, 1);
  all.lane.pump();
  assert.equal(link.takeSent().length, 128);
  assert.equal(sweeps.filter(({ ends }) => ends === 1).length, 128);
});

Deno.test("plain lane: commands wait unencoded while the connection has 16 MB to send", async () => {
  const all = new LaneScene(false);
  all.add("read", 1);
  all.lane.pump();
  const link = await all.host.connection();
  link.takeSent();
  link.unsentBytes = 16_000_000;
  const waiting = all.add("read", 2);
  all.lane.pump();
  assert.deepEqual([link.takeSent(), waiting.encoded], [[], 0]);
  link.unsentBytes = 0;
  link.reply("value");
  all.lane.pump();
  assert.deepEqual([link.takeSent(), waiting.encoded], [["read 2"], 1]);
});

for (const isDurable of [true, false]) {
  Deno.test(`${isDurable ? "durable" : "plain"} lane: what was not sent is not lost`, async () => {
    const all = new LaneScene(isDurable);
    all.add("write", 1);
    all.add("write", 2);
    all.lane.pump();
    const link = await all.host.connection();
    link.end("reset", isDurable ? 2 : 1); // after the writes, a durable lane sends WAIT
    await link.closed;
    assert.deepEqual(all.host.reports, ["lost: write 1", "retry: write 2"]);
    assert.equal(all.host.zombies.length, 1);
    all.add("write", 3);
    all.lane.pump();
    const next = await all.host.connection();
    next.end("reset", isDurable ? 2 : 1);
    await next.closed;
    assert.equal(all.host.reports.at(-1), "retry: write 3");
    assert.equal(all.host.zombies.length, isDurable ? 0 : 1, "no other zombie");
  });
}
