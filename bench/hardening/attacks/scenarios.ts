/** All scenarios. */
import { BYTES } from "./bytes.ts";
import { CONNECTIONS } from "./connections.ts";
import type { Scenario } from "./scenario.ts";
import { SLOW } from "./slow.ts";
import { WORK } from "./work.ts";

export const SCENARIOS: readonly Scenario[] = [...CONNECTIONS, ...SLOW, ...BYTES, ...WORK];

/** The scenario with this name. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found) return found;
  const names = SCENARIOS.map((scenario) => scenario.name).join(", ");
  throw new Error(`There is no scenario '${name}'; there are ${names}`);
}
