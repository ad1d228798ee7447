/**
 * A process that attacks a server: so that it takes nothing from those who measure what others notice.
 * Arguments: scenario, port, share of its full size, milliseconds.
 */
import { answerLines, AskedProcess } from "../../harness/asked_process.ts";
import { Attack } from "./scenario.ts";
import { scenarioNamed } from "./scenarios.ts";

/** What was sent and came back, by what it is. */
export type Counts = Readonly<Record<string, number>>;

/** The attack, as others see it. */
export class AttackProcess implements AsyncDisposable {
  readonly #process: AskedProcess;

  constructor(scenario: string, port: number, size: number, durationMs: number) {
    this.#process = new AskedProcess(
      "bench/hardening/attacks/attack_process.ts",
      ...[scenario, String(port), String(size), String(durationMs)],
    );
  }

  /** Puts what is needed into the table. */
  async prepare(): Promise<void> {
    await this.#process.ask("prepare");
  }

  /** Attacks, and says with what. */
  async run(): Promise<Counts> {
    return await this.#process.ask("run") as Counts;
  }

  /** Takes out of the table what it put there. */
  async cleanUp(): Promise<void> {
    await this.#process.ask("cleanUp");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** How long preparing and cleaning up may take, in milliseconds. */
const ASIDE_MS = 60_000;

if (import.meta.main) {
  const [name = "", port, size, durationMs] = Deno.args;
  const scenario = scenarioNamed(name);
  const attackFor = (ms: number) => new Attack(Number(port), Number(size), ms);
  await answerLines(async (order) => {
    const attack = attackFor(order === "run" ? Number(durationMs) : ASIDE_MS);
    if (order === "prepare") await scenario.prepare?.(attack);
    else if (order === "cleanUp") await scenario.cleanUp?.(attack);
    else await scenario.run(attack);
    return attack.counts;
  });
  Deno.exit(0);
}
