/** Proves that the line of any key is the one that a text would give. */
import assert from "assert";
import fc from "fast-check";
import { KeyedLine } from "../../../lib/perf/workload/keyed_line.ts";
import { Keys } from "../../../lib/perf/workload/keys.ts";
import { utf8 } from "../../helpers/streams.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("keyed line");

test("it has the number of the key wherever the key is, also where the end of a value cuts it", () => {
  const prefixes = fc.constantFrom("testperf-abc", "0000000000", "1", "a+b.");
  const numbers = fc.array(fc.integer({ min: 0, max: 2 ** 47 - 1 }), { minLength: 1 });
  fc.assert(fc.property(prefixes, fc.nat(200), numbers, (prefix, bytes, all) => {
    const keys = new Keys(3, prefix);
    const lineOf = (key: string) =>
      `{"key":"${key}","value":"${`${key}.`.repeat(9)}`.slice(0, bytes);
    const line = new KeyedLine(keys, lineOf);
    for (const number of all) {
      line.set(number);
      assert.deepEqual(line.bytes, utf8(lineOf(keys.key(number))));
    }
  }));
});
