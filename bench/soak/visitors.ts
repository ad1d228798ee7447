/** Visitors of a server: small attacks of `bench/hardening/`, and floods of connections. */
import { sleep } from "../../lib/base/clock.ts";
import { messageOf } from "../../lib/base/errors.ts";
import type { Random } from "../../lib/base/random.ts";
import { Attack, type Scenario } from "../hardening/attacks/scenario.ts";
import { scenarioNamed } from "../hardening/attacks/scenarios.ts";
import type { OnFault } from "./model_client.ts";

/** Attacks that disturb nothing but their own connections, and leave nothing in the table. */
const VISITS = [
  ...["half-open", "half-closed", "reset", "leaving at once", "slow sender", "line without end"],
  ...["invalid UTF-8 and NULs", "HTTP", "TLS hello", "open cursors"],
].map(scenarioNamed);

const FLOOD = scenarioNamed("connect flood");

/** The size of each attack: at most 10 connections, and 50 in a flood. */
const SIZE = 0.01;

/** Attacks at the same time. */
const VISITORS = 4;

/** The longest attack, the longest pause after one, and the length of a flood, in milliseconds. */
const VISIT_MS = 400;
const PAUSE_MS = 50;
const FLOOD_MS = 100;

/** The time between two floods, in milliseconds. */
const FLOOD_EVERY_MS = 5_000;

/** The time limit to remove keys, in milliseconds. */
const CLEAN_UP_MS = 10_000;

/** All visitors of a server. */
export class Visitors {
  /** Connections, and floods, so far. */
  visits = 0;
  floods = 0;
  readonly #port: number;
  readonly #random: Random;
  readonly #onFault: OnFault;

  constructor(port: number, random: Random, onFault: OnFault) {
    this.#port = port;
    this.#random = random;
    this.#onFault = onFault;
  }

  /** Runs attacks until the signal, and waits for the end of all. */
  async run(signal: AbortSignal): Promise<void> {
    const visitors = Array.from({ length: VISITORS }, () => this.#visitor(signal));
    await Promise.all([...visitors, this.#flood(signal)]);
  }

  /** Removes the keys of all attacks. No other client must be able to fill the server meanwhile. */
  async cleanUp(): Promise<void> {
    for (const scenario of VISITS) await scenario.cleanUp?.(this.#attack(CLEAN_UP_MS));
  }

  async #visitor(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const scenario = VISITS[this.#random.below(VISITS.length)];
      if (scenario !== undefined) await this.#visit(scenario, this.#random.below(VISIT_MS));
      await sleep(this.#random.below(PAUSE_MS), signal);
    }
  }

  async #flood(signal: AbortSignal): Promise<void> {
    do {
      await this.#visit(FLOOD, FLOOD_MS);
      this.floods++;
    } while (await sleep(FLOOD_EVERY_MS, signal));
  }

  async #visit(scenario: Scenario, durationMs: number): Promise<void> {
    const attack = this.#attack(durationMs);
    try {
      await scenario.prepare?.(attack);
      await scenario.run(attack);
    } catch (error) {
      this.#onFault(`${scenario.name}: ${messageOf(error)}`);
    }
    this.visits += attack.counts["connections"] ?? 0;
  }

  #attack(durationMs: number): Attack {
    return new Attack(this.#port, SIZE, durationMs);
  }
}
