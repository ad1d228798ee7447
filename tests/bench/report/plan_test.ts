import assert from "assert";
import { planOf } from "../../../bench/report/plan.ts";

Deno.test("no sweep of any plan has more processes than clients", () => {
  for (const isQuick of [true, false]) {
    for (const isTwoHostsOnly of [true, false]) {
      for (const { part, mostClients, processes } of planOf({ isQuick, isTwoHostsOnly }).sweeps) {
        assert.ok(
          processes <= mostClients,
          `${part}: ${processes} processes, ${mostClients} clients`,
        );
      }
    }
  }
});
