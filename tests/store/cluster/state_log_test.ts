/** The lines that a gateway logs when its store changes. */
import assert from "assert";
import { StateLog, type StoreState } from "../../../lib/store/cluster/state_log.ts";
import { logged } from "../../helpers/logged.ts";
import { VirtualClock } from "../../perf/virtual_clock.ts";

function master(name: string, isHeld: boolean = false, lastError: string = "") {
  return { name, slots: 1, isHeld, lastError };
}

const WELL: StoreState = { shards: [master("a"), master("b")], uncoveredSlots: 0, lastError: "" };

/** Lets a store have each state for some seconds; returns the lines as level, message and fields. */
async function linesFor(states: readonly (readonly [StoreState, number])[]): Promise<string[]> {
  const clock = new VirtualClock(1), { lines, log } = logged("json");
  const store = { state: WELL };
  const stateLog = new StateLog(store, log, clock);
  await clock.run((async () => {
    stateLog.start();
    await clock.sleep(500); // between two checks
    for (const [state, seconds] of states) {
      store.state = state;
      await clock.sleep(seconds * 1e3);
    }
    await stateLog.close();
  })());
  return lines.map((line) => {
    const { time: _, level, message, ...fields } = JSON.parse(line);
    return [level, message, ...Object.values(fields)].join(": ");
  });
}

Deno.test("state log: a failover is a line for each thing that begins or ends", async () => {
  const down = { ...WELL, lastError: "b: no connection" };
  const replaced = { ...down, shards: [master("a"), master("c", true, "it has 0 of 1 replicas")] };
  const back = { ...WELL, shards: [master("a"), master("c")] };
  assert.deepEqual(await linesFor([[WELL, 10], [down, 10], [replaced, 10], [back, 10]]), [
    "warn: a node of the store does not answer: b: no connection",
    "info: the store has other masters now: c: b",
    "warn: changes of a master wait for its replicas: c: it has 0 of 1 replicas",
    "info: all nodes of the store answer again",
    "info: changes of a master go on: c",
  ]);
});

Deno.test("state log: slots without a master", async () => {
  assert.deepEqual(await linesFor([[{ ...WELL, uncoveredSlots: 3 }, 5], [WELL, 5]]), [
    "warn: no node serves a part of the table: start the lost nodes: 3",
    "info: all parts of the table are served again",
  ]);
});

Deno.test("state log: a condition of one check is not logged, and a long one once", async () => {
  const held = { ...WELL, shards: [master("a", true, "late"), master("b")] };
  assert.deepEqual(await linesFor([[held, 1], [WELL, 1], [held, 1], [WELL, 9]]), []);
  const lines = await linesFor([[held, 60], [WELL, 1], [held, 60]]);
  assert.equal(lines.length, 1, lines.join("\n"));
});

Deno.test("state log: a held node that is no master any more is not said to go on", async () => {
  const held = { ...WELL, shards: [master("a", true, "late"), master("b")] };
  const gone = { ...WELL, shards: [master("b"), master("c")] };
  assert.deepEqual((await linesFor([[held, 5], [gone, 5]])).slice(1), [
    "info: the store has other masters now: c: a",
  ]);
});
