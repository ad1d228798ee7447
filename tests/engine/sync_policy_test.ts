/** Proves when a sync is done at once: on a fast disk, with few who wait. */
import assert from "assert";
import { SyncPolicy } from "../../lib/engine/sync_policy.ts";

/** What the hop to another thread and back adds to a sync in the background, in milliseconds. */
const HOP_MS = 0.3;

function test(name: string, fn: () => void): void {
  Deno.test({ name: `sync_choice: ${name}`, permissions: "none", fn });
}

/** Does as many syncs as a disk takes so long for, as chosen, with one who waits; how many were at once. */
function syncs(choice: SyncPolicy, count: number, diskMs: number): number {
  let inline = 0;
  for (let sync = 0; sync < count; sync++) {
    const isInline = choice.isInline(1);
    if (isInline) inline++;
    choice.took(isInline ? diskMs : diskMs + HOP_MS);
  }
  return inline;
}

test("at once on a fast disk, from the first sync on", () => {
  for (const diskMs of [0.01, 0.2, 0.49]) assert.equal(syncs(new SyncPolicy(), 100, diskMs), 100);
});

test("in the background on a fast disk where many wait", () => {
  const choice = new SyncPolicy();
  for (const [waiters, isInline] of [[0, true], [15, true], [16, false], [200, false]] as const) {
    assert.equal(choice.isInline(waiters), isInline, `${waiters}`);
  }
});

test("soon in the background on a slow disk, and for good", () => {
  for (const diskMs of [1, 5, 1_000]) {
    const choice = new SyncPolicy();
    assert.ok(syncs(choice, 10, diskMs) < 10, `${diskMs}`);
    assert.equal(syncs(choice, 1_000, diskMs), 0, `${diskMs}`);
  }
});

test("one slow sync among fast ones changes nothing", () => {
  const choice = new SyncPolicy();
  syncs(choice, 100, 0.2);
  choice.took(1_000);
  assert.equal(choice.isInline(1), true);
});

test("a disk that was slow for a while is soon taken for a fast one again, in spite of the hop", () => {
  for (const diskMs of [0.2, 0.4]) {
    const choice = new SyncPolicy();
    syncs(choice, 100, 5);
    assert.equal(choice.isInline(1), false);
    syncs(choice, 30, diskMs);
    assert.equal(syncs(choice, 100, diskMs), 100, `${diskMs}`);
  }
});

test("after many have waited, whose syncs end late in a busy server, few get it at once again", () => {
  const choice = new SyncPolicy();
  for (let sync = 0; sync < 100; sync++) choice.took(1.5);
  assert.equal(choice.isInline(1), false);
  syncs(choice, 30, 0.2);
  assert.equal(choice.isInline(1), true);
});
