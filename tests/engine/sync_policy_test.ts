/** Proves when a sync is inline: on a fast disk, with few waiting replies. */
import assert from "assert";
import { SyncPolicy } from "../../lib/engine/group_commit.ts";
import { testsOf } from "../helpers/pure.ts";

/** The hop to another thread and back adds this to a background sync, in milliseconds. */
const HOP_MS = 0.3;

const test = testsOf("sync_policy");

/** Simulates syncs of a disk with one waiting reply; returns the number of inline syncs. */
function syncs(policy: SyncPolicy, count: number, diskMs: number): number {
  let inline = 0;
  for (let sync = 0; sync < count; sync++) {
    const isInline = policy.isInline(1);
    if (isInline) inline++;
    policy.record(isInline ? diskMs : diskMs + HOP_MS);
  }
  return inline;
}

test("inline on a fast disk, from the first sync on", () => {
  for (const diskMs of [0.01, 0.2, 0.49]) assert.equal(syncs(new SyncPolicy(), 100, diskMs), 100);
});

test("in the background on a fast disk with many waiting replies", () => {
  const policy = new SyncPolicy();
  for (const [waiters, isInline] of [[0, true], [15, true], [16, false], [200, false]] as const) {
    assert.equal(policy.isInline(waiters), isInline, `${waiters}`);
  }
});

test("soon in the background on a slow disk, and always from then on", () => {
  for (const diskMs of [1, 5, 1_000]) {
    const policy = new SyncPolicy();
    assert.ok(syncs(policy, 10, diskMs) < 10, `${diskMs}`);
    assert.equal(syncs(policy, 1_000, diskMs), 0, `${diskMs}`);
  }
});

test("one slow sync among fast ones changes nothing", () => {
  const policy = new SyncPolicy();
  syncs(policy, 100, 0.2);
  policy.record(1_000);
  assert.equal(policy.isInline(1), true);
});

test("a disk that was slow for a while soon has inline syncs again, in spite of the hop", () => {
  for (const diskMs of [0.2, 0.4]) {
    const policy = new SyncPolicy();
    syncs(policy, 100, 5);
    assert.equal(policy.isInline(1), false);
    syncs(policy, 30, diskMs);
    assert.equal(syncs(policy, 100, diskMs), 100, `${diskMs}`);
  }
});

test("after many clients with late syncs, a few clients get inline syncs again", () => {
  const policy = new SyncPolicy();
  for (let sync = 0; sync < 100; sync++) policy.record(1.5);
  assert.equal(policy.isInline(1), false);
  syncs(policy, 30, 0.2);
  assert.equal(policy.isInline(1), true);
});
