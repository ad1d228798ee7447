/** Proves that testperf processes read each other's names and starts, and nothing else. */
import assert from "assert";
import { MAX_AGENT_CHARS } from "../../../lib/base/limits.ts";
import { agentOf, agentWithStart, mergePeers, peersIn } from "../../../lib/perf/run/agent.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("agent");

const START = 1_800_000_005_000;

test("an agent has host and process, and never more characters than a server takes", () => {
  assert.equal(agentOf("student10", 4_711), "testperf student10:4711");
  for (const host of ["h".repeat(300), "\u{1f600}".repeat(300)]) {
    const agent = agentWithStart(agentOf(host, 4_194_304), 8_640_000_000_000);
    assert.equal([...agent].length, MAX_AGENT_CHARS);
    assert.match(agent, /:4194304 start 8640000000000$/);
  }
});

test("the others are found with their starts, for any number of connections; this process is not", () => {
  const own = agentOf("a", 1), other = agentOf("b", 1);
  const agents = {
    [own]: 4,
    [agentWithStart(own, START)]: 1,
    [agentWithStart(other, START)]: 1,
    [other]: 2,
    "testperf c:1": 1,
    "testperf c:1 start soon": 1,
    "testperf d:1 start 99999999999999": 1,
    "htclient e": 1,
    "testperfect f:1": 1,
  };
  assert.deepEqual([...peersIn(agents, own) ?? []], [
    [other, START],
    ["testperf c:1", undefined],
    ["testperf c:1 start soon", undefined],
    ["testperf d:1 start 99999999999999", undefined],
  ]);
});

test("a server that does not report agents leaves the others unknown", () => {
  for (const agents of [undefined, null, 3]) {
    assert.equal(peersIn(agents, agentOf("a", 1)), undefined);
  }
  assert.deepEqual([...peersIn({}, agentOf("a", 1)) ?? assert.fail()], []);
});

test("the processes at several servers are merged, with the latest start of each", () => {
  const merged = mergePeers([
    new Map([["a", undefined], ["b", 2], ["c", 7]]),
    undefined,
    new Map([["a", 5], ["b", undefined], ["c", 3], ["d", undefined]]),
  ]);
  assert.deepEqual([...merged ?? []], [["a", 5], ["b", 2], ["c", 7], ["d", undefined]]);
  assert.deepEqual(mergePeers([undefined, new Map()]), new Map());
  assert.equal(mergePeers([undefined, undefined]), undefined);
});
