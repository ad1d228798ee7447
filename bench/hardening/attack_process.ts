/**
 * A process that attacks a server, so that the attack takes no time from the measuring process.
 * Arguments: scenario, port, share of the full size, milliseconds.
 */
import { answerOrders, HelperProcess } from "../harness/helper_process.ts";
import { Attack } from "./attacks/scenario.ts";
import { scenarioNamed } from "./attacks/scenarios.ts";

/** Sent and received items, by their kind. */
export type Counts = Readonly<Record<string, number>>;

/** The orders to insert the keys of the scenario, to attack, and to remove the keys. */
export type Order = "prepare" | "run" | "cleanUp";

/** Starts the process. It answers each `Order` with its counts. */
export function startAttacker(
  scenario: string,
  port: number,
  size: number,
  durationMs: number,
): HelperProcess<Order, Counts> {
  const args = [scenario, String(port), String(size), String(durationMs)];
  return new HelperProcess("bench/hardening/attack_process.ts", ...args);
}

/** The time limit to prepare and to clean up, in milliseconds. */
const ASIDE_MS = 60_000;

if (import.meta.main) {
  const [name = "", port, size, durationMs] = Deno.args;
  const scenario = scenarioNamed(name);
  await answerOrders(async (order) => {
    const limitMs = order === "run" ? Number(durationMs) : ASIDE_MS;
    const attack = new Attack(Number(port), Number(size), limitMs);
    await scenario[order as Order]?.(attack);
    return attack.counts;
  });
  Deno.exit(0);
}
