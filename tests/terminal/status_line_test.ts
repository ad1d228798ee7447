/** Proves that the status line is drawn only in the foreground, fits the terminal, and is erased. */
import assert from "assert";
import { barText, canDraw, type Screen, StatusLine } from "../../lib/terminal/status_line.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("status line");

/** A terminal that a test changes. */
class FakeScreen implements Screen {
  readonly hasStderr = true;
  readonly isSmart = true;
  width = 20;
  isInFront = true;
  /** All drawn lines; empty: erased. */
  readonly lines: string[] = [];
  columns = () => this.width;
  isForeground = () => this.isInFront;
  write = (line: string) => void this.lines.push(line);
}

test("it is drawn in the foreground only, also if that changes, and erased at its end", () => {
  using clock = stoppedClock();
  const screen = new FakeScreen();
  let count = 0;
  const line = new StatusLine(screen, () => `text ${++count}`, screen.write);
  line.draw();
  line.draw(); // too early
  screen.isInFront = false;
  clock.advance(1_000);
  line.draw();
  assert.deepEqual(screen.lines, ["text 1"]);
  screen.isInFront = true;
  clock.advance(1_000);
  line.draw();
  line.end();
  assert.deepEqual(screen.lines, ["text 1", "text 2", ""]);
});

test("in the background, its end erases nothing", () => {
  using _clock = stoppedClock();
  const screen = new FakeScreen();
  const line = new StatusLine(screen, () => "text", screen.write);
  line.draw();
  screen.isInFront = false;
  line.end();
  assert.deepEqual(screen.lines, ["text"]);
});

test("it leaves the last column free, at any width of the moment", () => {
  using clock = stoppedClock();
  const screen = new FakeScreen();
  const line = new StatusLine(screen, (columns) => `${columns} ${"x".repeat(99)}`, screen.write);
  for (const width of [20, 10, 80]) {
    screen.width = width;
    clock.advance(1_000);
    line.draw();
  }
  line.end();
  assert.deepEqual(screen.lines.map(({ length }) => length), [19, 9, 79, 0]);
  assert.match(screen.lines[2] ?? "", /^79 x/);
});

test("a pipe and a terminal without a cursor have none", () => {
  const screen = new FakeScreen();
  assert.equal(canDraw(screen), true);
  assert.equal(canDraw({ ...screen, hasStderr: false }), false);
  assert.equal(canDraw({ ...screen, isSmart: false }), false);
});

test("a bar is empty at 0 and full at 1, and not longer for any share", () => {
  assert.equal(barText(0, 4), "\u2591".repeat(4));
  assert.equal(barText(0.5, 4), "\u2588\u2588\u2591\u2591");
  for (const share of [1, 1.7]) assert.equal(barText(share, 4), "\u2588".repeat(4));
});
