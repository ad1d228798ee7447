/** The status line of a running program: one line on the terminal, which is drawn again and again. */
import { drawLine } from "./stdout.ts";
import type { Terminal } from "./terminal.ts";

/** Time between two drawings, in milliseconds: drawing delays the program. */
const DRAW_EVERY_MS = 200;

/** The used part of a terminal. */
export type Screen = Pick<Terminal, "columns" | "isForeground" | "hasStderr" | "isSmart">;

/** Whether a program can have a status line. */
export function canDraw({ hasStderr, isSmart }: Screen): boolean {
  return hasStderr && isSmart;
}

/** A status line. It is shown while the process is in the foreground, and never longer than a line. */
export class StatusLine {
  readonly #screen: Screen;
  readonly #textOf: (columns: number, nowMs: number) => string;
  readonly #write: (line: string) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #isDrawn = false;
  #drawnMs = -Infinity;

  /**
   * Starts to draw.
   *
   * @param textOf returns the line, of at most `columns` characters
   * @param write draws it (default: on stderr)
   */
  constructor(
    screen: Screen,
    textOf: (columns: number, nowMs: number) => string,
    write: (line: string) => void = drawLine,
  ) {
    this.#screen = screen;
    this.#textOf = textOf;
    this.#write = write;
    // A timer, so that slow steps are shown in time, and fast steps take no time to draw.
    this.#timer = setInterval(() => this.draw(), DRAW_EVERY_MS);
  }

  /** Draws now, unless it has just been drawn: for tasks that block the event loop, and with it the timer. */
  draw(): void {
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < DRAW_EVERY_MS / 2) return;
    this.#drawnMs = nowMs;
    this.#isDrawn = this.#screen.isForeground();
    // In the last column, some terminals go on to the next line.
    const columns = this.#screen.columns() - 1;
    if (this.#isDrawn) this.#write(this.#textOf(columns, nowMs).slice(0, columns));
  }

  /** Erases the line, and ends. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#isDrawn && this.#screen.isForeground()) this.#write("");
    this.#isDrawn = false;
  }
}

/** Formats a bar of a length. @param share from 0 to 1 */
export function barText(share: number, length: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * length);
  return "\u2588".repeat(full) + "\u2591".repeat(length - full);
}
