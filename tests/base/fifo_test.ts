/** Proves that a queue behaves like an array. */
import assert from "assert";
import fc from "fast-check";
import { Fifo } from "../../lib/base/fifo.ts";

Deno.test({ name: "fifo: first in, first out, also in a long queue", permissions: "none" }, () => {
  const steps = fc.array(fc.boolean(), { maxLength: 10_000, size: "max" });
  fc.assert(
    fc.property(steps, (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      steps.forEach((isPush, number) => {
        if (isPush || number < 3_000) model.push(number), fifo.push(number);
        else assert.equal(fifo.shift(), model.shift());
        assert.equal(fifo.length, model.length);
        assert.equal(fifo.at(number % 7), model[number % 7]);
      });
      assert.deepEqual([...fifo], model);
    }),
    { numRuns: 20 },
  );
});
