/** Proves the notes on a stage: the sentences that a reader needs beside its numbers. */
import assert from "assert";
import { stageNotes } from "../../../lib/perf/measure/stage_notes.ts";
import { clientData, operationData, stageData } from "../raw_data.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("stage notes");

test("a stage without failures has no notes", () => {
  const client = clientData(operationData(1, 1, [1]), "lookup");
  assert.deepEqual(stageNotes(stageData("lookup", [client])), []);
});

test("a stage without an operation has a note, because its zeros are not a result", () => {
  const client = clientData(operationData(0, 0.24, []), "scan");
  assert.deepEqual(stageNotes(stageData("scan", [client])), [
    "scan: no operation ended in the counted 0.24 s, so there is no throughput or latency: measure longer (--duration)",
  ]);
});

test("failures, gaps and limits are sentences", () => {
  const start = 1_800_000_000_000;
  const gap = { fromUnixMs: start + 1_200, toUnixMs: start + 3_500, connectionLost: true };
  const own = { fromUnixMs: start + 9_000, toUnixMs: start + 10_500, connectionLost: false };
  const one = {
    ...clientData(
      { ...operationData(1, 1, [1], { ConnectionLost: 3, KeyError: 1 }), unknown: 2 },
      "remove",
    ),
    gaps: [{ ...gap, answered: true }],
    unsent: 17,
  };
  const two = {
    ...{ ...one, unsent: 0 },
    gaps: [{ ...gap, answered: false }, { ...own, answered: true }],
  };
  const notes = stageNotes(stageData("remove", [one, two], {
    loop: "open",
    ratePerS: 9_000,
    ended: "server gone",
    complete: false,
    firstError: "the server closed it",
    warmupErrors: { KeyError: 1 },
    clientsAtBound: 1,
    processors: [{ mainShare: 0.1, allShare: 0.1 }, { mainShare: 0.96, allShare: 1.2 }],
  }));
  assert.deepEqual(notes, [
    "remove: 8 operations failed (ConnectionLost: 6, KeyError: 2); for 4 it is not known whether the server executed them, the first with: the server closed it",
    "remove: 1 operation of the warm-up failed (KeyError: 1)",
    "remove: no reply from 1.200 s to 3.500 s after the start (2.300 s), with the connection lost",
    "remove: no reply to client 2 from 9.000 s to 10.500 s after the start (1.500 s)",
    "remove: ended early, because the server is gone; the results end there",
    "remove: 17 requests were due and never sent: the server does not sustain 9000 a second, and the true latencies are higher than these",
    "remove: 1 of 2 clients had 10000 requests in flight and sent further ones late; their latency still counts from the intended start",
    "remove: the client thread was busy 96% of the time, so the client likely limits the throughput, not the server; measure with several processes",
  ]);
});

test("a stage that was too short to measure the load of the client has no note on it", () => {
  const client = clientData(operationData(1, 0.01, [1]), "lookup");
  const short = { mainShare: 1, allShare: 0.5, isTooShort: true } as const;
  const stage = stageData("lookup", [client], { processors: [short] });
  assert.deepEqual(stageNotes(stage), []);
  const mixed = { ...stage, processors: [short, { mainShare: 0.95, allShare: 1 }] };
  assert.match(stageNotes(mixed).join(), /busy 95% of the time/);
});

test("removes that the server had executed before are a note, and no failure", () => {
  const note = (removedBefore: number) => {
    const client = clientData({ ...operationData(9, 1, [1]), removedBefore }, "remove");
    return stageNotes(stageData("remove", [client, client]));
  };
  assert.deepEqual(note(0), []);
  assert.deepEqual(note(2), [
    "remove: 4 removes found no key when sent again after a lost connection, and count as done: the server had executed them before",
  ]);
});
