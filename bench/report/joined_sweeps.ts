/** The union of two sweeps of different operations. */
import type { SweepData } from "../../lib/perf/results/sweep_data.ts";

/**
 * Each step has the operations of both sweeps, if both measured it. All other members are those of
 * the first sweep.
 */
export function joinSweeps(first: SweepData, second: SweepData): SweepData {
  const counts = new Set([...first.steps, ...second.steps].map(({ clients }) => clients));
  const steps = [...counts].toSorted((a, b) => a - b).map((clients) => {
    const repeatsOf = ({ steps }: SweepData) =>
      steps.find((step) => step.clients === clients)?.repeats ?? [];
    const one = repeatsOf(first), other = repeatsOf(second);
    const repeats = Array.from(
      { length: Math.max(one.length, other.length) },
      (_, at) => [...one[at] ?? [], ...other[at] ?? []],
    );
    return { clients, repeats };
  });
  return {
    ...first,
    settings: {
      ...first.settings,
      clients: Math.max(first.settings.clients, second.settings.clients),
      operations: [...first.settings.operations, ...second.settings.operations],
    },
    steps,
    analysis: { ...first.analysis, ...second.analysis },
    unmeasuredErrors: first.unmeasuredErrors + second.unmeasuredErrors,
    complete: first.complete && second.complete,
    failure: first.failure ?? second.failure,
  };
}
