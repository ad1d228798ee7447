/**
 * A process that attacks a server, so that the attack takes no time from the measuring process.
 * Arguments: scenario, port, share of the full size, milliseconds.
 */
import { answerOrders, HelperProcess } from "../harness/helper_process.ts";
import { Attack } from "./attacks/scenario.ts";
import { scenarioNamed } from "./attacks/scenarios.ts";

/** Sent and received items, by their kind. */
export type Counts = Readonly<Record<string, number>>;

/** The attacking process, as its parent uses it. */
export class AttackProcess implements AsyncDisposable {
  readonly #process: HelperProcess;

  constructor(scenario: string, port: number, size: number, durationMs: number) {
    const args = [scenario, String(port), String(size), String(durationMs)];
    this.#process = new HelperProcess("bench/hardening/attack_process.ts", ...args);
  }

  /** Inserts the keys of the scenario. */
  async prepare(): Promise<void> {
    await this.#process.ask("prepare");
  }

  /** Attacks, and returns the counts. */
  async run(): Promise<Counts> {
    return await this.#process.ask("run") as Counts;
  }

  /** Removes the keys of the scenario. */
  async cleanUp(): Promise<void> {
    await this.#process.ask("cleanUp");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** The time limit to prepare and to clean up, in milliseconds. */
const ASIDE_MS = 60_000;

if (import.meta.main) {
  const [name = "", port, size, durationMs] = Deno.args;
  const scenario = scenarioNamed(name);
  await answerOrders(async (order) => {
    const limitMs = order === "run" ? Number(durationMs) : ASIDE_MS;
    const attack = new Attack(Number(port), Number(size), limitMs);
    if (order === "prepare") await scenario.prepare?.(attack);
    else if (order === "cleanUp") await scenario.cleanUp?.(attack);
    else await scenario.run(attack);
    return attack.counts;
  });
  Deno.exit(0);
}
