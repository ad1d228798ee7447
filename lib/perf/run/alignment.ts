/**
 * The alignment of testperf processes that measure one server at the same time. They begin together at a
 * boundary, a whole multiple of 5 s of the wall clock, so that they measure the same stage at the same
 * time, and their throughputs may be added up. A process that is alone begins at once.
 *
 * Each process has chosen its start alone, and announces it (`agent.ts`). Two processes may choose
 * different boundaries, or one of them may begin before it sees the other. So the latest announced
 * start counts, until shortly after the start: a process that sees a later one begins again with it.
 */
import type { Clock } from "../../base/clock.ts";
import type { Peers } from "./agent.ts";

/** Time between two boundaries, in milliseconds. */
const BOUNDARY_MS = 5_000;

/** Minimum time from the choice of a boundary to it, in milliseconds. */
const LEAD_MS = 500;

/** Minimum time to an announced start that a process can join, in milliseconds. */
const MIN_JOIN_MS = 200;

/** Maximum time to it: a later one is an error, or of a clock that is wrong. */
const MAX_JOIN_MS = 60_000;

/** Minimum time from the connection to the start of a process that is alone, in milliseconds. */
const ALONE_MS = 300;

/** Time between two looks before the start, and after it, in milliseconds: a look costs the server 0.1 ms. */
const LOOK_MS = 100, WATCH_MS = 200;

/** The wait ends this long before the start, in milliseconds, so that all shares get their orders. */
const ORDER_MS = 40;

/** Time before the start, in milliseconds, in which others must have chosen theirs, or all wait again. */
const SETTLED_MS = 300;

/** Maximum number of boundaries to wait for a process that does not choose its start. */
const MAX_DELAYS = 3;

/**
 * Time after its start, in milliseconds, in which a run begins again with a new process. Processes that
 * were started together on a busy machine connect within about a second.
 */
const NEW_MS = 1_500;

/** The same for the processes with which it began: they also see a new process up to then. */
const TOGETHER_MS = 2_000;

/** Maximum number of new beginnings. */
const MAX_RESTARTS = 3;

/** The parts of an alignment. */
export interface AlignmentParts {
  /** Reads the other processes; undefined: the server does not report them. */
  readonly look: () => Promise<Peers | undefined>;
  /** Announces the start of this process. */
  readonly announce: (startUnixMs: number) => Promise<void>;
  readonly clock: Clock;
  /** Maximum time from the planned start to the load, in milliseconds. */
  readonly maxLateMs: number;
  /** Called when the process begins to wait for a start with others, or for a later one. */
  readonly onWait: (startUnixMs: number, others: number) => void;
  /** Its abort ends all waits. */
  readonly stop?: AbortSignal | undefined;
}

/** The alignment of one run. */
export class Alignment {
  readonly #parts: AlignmentParts;
  readonly #connectedMs: number;
  #startUnixMs = 0;
  #isAligned = false;
  /** The processes that begin at the same time. */
  #together = new Set<string>();
  #restarts = 0;

  /** The process has just connected to the server. */
  constructor(parts: AlignmentParts) {
    this.#parts = parts;
    this.#connectedMs = parts.clock.now();
  }

  /** The boundary at which the run began with others; null: it was alone, or knew of no others. */
  get alignedUnixMs(): number | null {
    return this.#isAligned ? this.#startUnixMs : null;
  }

  /** Waits until shortly before the run starts. This process is ready. */
  async start(): Promise<void> {
    const { clock, look, announce, stop } = this.#parts;
    if (!this.#isAligned) {
      await clock.sleep(Math.max(this.#connectedMs + ALONE_MS - clock.now(), 0), stop);
      const peers = await look();
      if (peers === undefined || peers.size === 0) {
        this.#startUnixMs = clock.unixMs();
        return await announce(this.#startUnixMs);
      }
      await this.#choose(peers);
    }
    await this.#wait();
  }

  /**
   * Watches for processes that begin later. If there are some, it chooses a common start.
   *
   * @param end its abort ends the watch
   * @returns whether the run must begin again
   */
  async watch(end: AbortSignal): Promise<boolean> {
    const { clock, look } = this.#parts;
    for (;;) {
      const passedMs = clock.unixMs() - this.#startUnixMs;
      if (passedMs >= TOGETHER_MS || this.#restarts >= MAX_RESTARTS) return false;
      // The server may not report them, or reply late.
      const peers: Peers = await look() ?? new Map();
      if (end.aborted) return false;
      const isJoined = [...peers].some(([agent, startUnixMs]) =>
        (passedMs < NEW_MS || this.#together.has(agent)) &&
        (startUnixMs === undefined ? !this.#isAligned : this.#isLater(startUnixMs))
      );
      if (isJoined) {
        this.#restarts++;
        await this.#choose(peers);
        return true;
      }
      if (!await clock.sleep(WATCH_MS, end)) return false;
    }
  }

  /** Whether an announced start is later than that of this process. */
  #isLater(startUnixMs: number): boolean {
    return startUnixMs > this.#startUnixMs &&
      startUnixMs < this.#parts.clock.unixMs() + MAX_JOIN_MS;
  }

  /** Chooses the latest announced start, or else the next boundary. */
  async #choose(peers: Peers = new Map()): Promise<void> {
    const nowMs = this.#parts.clock.unixMs();
    const announced = [...peers.values()].filter((startUnixMs) => startUnixMs !== undefined)
      .filter((startUnixMs) => startUnixMs > nowMs + MIN_JOIN_MS && this.#isLater(startUnixMs));
    const startUnixMs = announced.length > 0
      ? Math.max(...announced)
      : Math.ceil((nowMs + LEAD_MS) / BOUNDARY_MS) * BOUNDARY_MS;
    await this.#move(startUnixMs, peers.size);
  }

  async #move(startUnixMs: number, others: number): Promise<void> {
    this.#startUnixMs = startUnixMs;
    this.#isAligned = true;
    this.#parts.onWait(startUnixMs, others);
    await this.#parts.announce(startUnixMs);
  }

  /** Waits until shortly before the start. */
  async #wait(): Promise<void> {
    const { clock, look, maxLateMs, stop } = this.#parts;
    let delays = 0;
    for (;;) {
      const peers: Peers = await look() ?? new Map();
      const leftMs = this.#startUnixMs - clock.unixMs();
      const starts = [...peers.values()];
      const latest = Math.max(...starts.filter((start) => start !== undefined), 0);
      const isUnsettled = leftMs < SETTLED_MS && starts.includes(undefined);
      if (this.#isLater(latest)) await this.#move(latest, peers.size);
      else if (leftMs < -maxLateMs || isUnsettled && delays++ < MAX_DELAYS) {
        await this.#choose(peers);
      } else if (leftMs <= ORDER_MS) {
        this.#together = new Set(peers.keys());
        return;
      } else if (!await clock.sleep(Math.min(LOOK_MS, leftMs - ORDER_MS), stop)) return;
    }
  }
}
