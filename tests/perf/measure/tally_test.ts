/** Proves that failures are counted by known kinds only, for any code of a server. */
import assert from "assert";
import { ConnectionLostError, errorFrom, ServerNotFoundError } from "../../../lib/client/errors.ts";
import { Tally } from "../../../lib/perf/measure/tally.ts";
import { WrongValueError } from "../../../lib/perf/workload/operation.ts";
import type { FailureType } from "../../../lib/protocol/message.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("tally");

function errorsOf(failures: readonly unknown[]): [string, number][] {
  const tally = new Tally();
  for (const failure of failures) tally.recordFailure("lookup", failure);
  return Object.entries(tally.data(1).errors);
}

test("unknown codes of a server are counted together", () => {
  const types = ["constructor", "__proto__", "constructor", "KeyError", "Busy", "KeyError", ""];
  const failures = types.map((type) => errorFrom({ type: type as FailureType, message: "why" }));
  assert.deepEqual(errorsOf(failures), [["Other", 4], ["KeyError", 2], ["Busy", 1]]);
});

test("failures of the client have their own kinds", () => {
  const named = new Error("local");
  named.name = "constructor";
  assert.deepEqual(
    errorsOf([
      new ServerNotFoundError("none"),
      new ConnectionLostError("lost", true),
      new WrongValueError("key", "1", "2"),
      named,
      named,
    ]),
    [["ServerNotFound", 1], ["ConnectionLost", 1], ["WrongValue", 1], ["constructor", 2]],
  );
});
