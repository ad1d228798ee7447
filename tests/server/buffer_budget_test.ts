/** Proves that owners with the most bytes are evicted, and no more of them than necessary (I5). */
import assert from "assert";
import fc from "fast-check";
import { BufferBudget } from "../../lib/server/buffer_budget.ts";

Deno.test({
  name: "buffer_budget: all bytes stay within the limit, and an evicted owner has the most",
  permissions: "none",
}, () => {
  const steps = fc.array(fc.tuple(fc.nat(5), fc.nat(600)), { maxLength: 50 });
  fc.assert(fc.property(steps, (steps) => {
    const buffers = new BufferBudget(1_000);
    const held = new Map<number, number>();
    const owners = Array.from({ length: 6 }, (_, number) => ({
      evict: () => {
        const mine = held.get(number) ?? 0;
        assert.ok([...held.values()].every((other) => other <= mine), "not the largest");
        const sum = [...held.values()].reduce((a, b) => a + b, 0);
        assert.ok(sum > 1_000, "without need");
        held.delete(number);
      },
    }));
    for (const [number, bytes] of steps) {
      held.set(number, bytes);
      const owner = owners[number];
      if (owner) buffers.set(owner, bytes);
      const sum = [...held.values()].reduce((a, b) => a + b, 0);
      assert.equal(buffers.bytes, sum);
      assert.ok(sum <= 1_000);
    }
  }));
});
