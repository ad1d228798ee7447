import assert from "assert";
import { type Action, History, type Value } from "../../crash/history/history.ts";
import { testsOf } from "../../helpers/pure.ts";
import { type Judged, judgeLoad } from "./load_verdict.ts";

const test = testsOf("load verdict");

/** Operations one after another: an action, and the value in its reply; "no reply" stays open. */
type Story = readonly (readonly [Action, Value | "no reply"])[];

const insert = (value: string): Action => ({ method: "insert", value });
const lookup: Action = { method: "lookup" };
const remove: Action = { method: "remove" };

/** A load that saw a story on one key, and at its end this value. */
function loadOf(story: Story, atEnd: Value, refused: readonly string[] = []): Judged {
  const history = new History();
  for (const [connection, [action, value]] of story.entries()) {
    const pending = history.invoke({ key: "a", action, connection, by: "client" });
    if (value !== "no reply") history.acknowledge(pending, value);
  }
  history.observe("a", atEnd, "at the end");
  history.crash();
  const refusedValues = new Set(refused);
  return { history, unknown: 0, refused: refused.length, refusedValues, longestGapMs: 0 };
}

/** The counts of a story with plain reads, and with fenced reads the number of failures. */
function countsOf(load: Judged) {
  const { lost, wrong, stale, failures } = judgeLoad(load, false);
  return {
    lost,
    wrong,
    stale,
    failures: failures.length,
    fenced: judgeLoad(load, true).failures.length,
  };
}

const GOOD = { lost: 0, wrong: 0, stale: 0, failures: 0, fenced: 0 };

test("a change without a reply may take effect at any later time", () => {
  const late: Story = [[insert("1"), "no reply"], [insert("2"), undefined], [lookup, "2"]];
  assert.deepEqual(countsOf(loadOf(late, "2")), GOOD);
  assert.deepEqual(countsOf(loadOf(late, "1")), GOOD);
  const removal: Story = [[insert("1"), undefined], [remove, "no reply"], [lookup, "1"]];
  assert.deepEqual(countsOf(loadOf(removal, undefined)), GOOD);
});

test("an acknowledged change that is gone is lost", () => {
  const story: Story = [[insert("1"), undefined], [insert("2"), undefined]];
  const counts = { ...GOOD, lost: 1, failures: 1, fenced: 1 };
  assert.deepEqual(countsOf(loadOf(story, "1")), counts);
  assert.deepEqual(countsOf(loadOf(story, undefined)), counts);
  const removed: Story = [[insert("1"), undefined], [remove, "1"]];
  assert.deepEqual(countsOf(loadOf(removed, "1")), counts);
});

test("a value that no client wrote, or that was refused, is wrong", () => {
  const story: Story = [[insert("1"), undefined]];
  const counts = { ...GOOD, wrong: 1, failures: 1, fenced: 1 };
  assert.deepEqual(countsOf(loadOf(story, "3")), counts);
  assert.deepEqual(countsOf(loadOf(story, "3", ["3"])), counts);
});

test("a stale read is a failure if reads are fenced", () => {
  const story: Story = [
    ...[[insert("1"), undefined], [insert("2"), undefined]] as const,
    ...[[lookup, "1"], [lookup, "2"], [lookup, undefined]] as const,
  ];
  assert.deepEqual(countsOf(loadOf(story, "2")), { ...GOOD, stale: 2, fenced: 1 });
});
