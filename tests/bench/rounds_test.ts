/** Rounds of the peers' benchmark, with a fake load generator. */
import assert from "assert";
import type { LoadResult } from "../../bench/load/generator.ts";
import { OutOfTime } from "../../bench/harness/interrupt.ts";
import type { Peer, PeerName } from "../../bench/peers/peer.ts";
import { runRounds } from "../../bench/peers/rounds.ts";
import { Problems } from "../../bench/harness/problems.ts";
import { randomFrom } from "../../bench/harness/random.ts";
import { LOOKUPS, RESULT } from "./load_result.ts";

const PEERS = new Map<PeerName, Peer>(
  (["htserver", "Redis"] as const).map((name) => [
    name,
    { name, protocol: "json", port: 1, pid: 1 },
  ]),
);

/** Three rounds of two servers. */
async function rounds(
  run: (peer: Peer, number: number) => Promise<LoadResult>,
  signal: AbortSignal = new AbortController().signal,
) {
  let number = 0;
  const problems = new Problems();
  const stages = await runRounds(
    { run: (peer) => run(peer, ++number) },
    PEERS,
    {
      cells: [LOOKUPS],
      keys: 10,
      rounds: 3,
      endMs: Infinity,
      warmUpS: 0,
      durationS: 0,
      random: randomFrom(1),
    },
    problems,
    signal,
    () => {},
  );
  return { stages, problems };
}

Deno.test("every round loads every server", async () => {
  const { stages, problems } = await rounds(() => Promise.resolve(RESULT));
  assert.equal(stages.length, 6);
  assert.deepEqual([problems.failures, problems.unfinished], [[], []]);
});

Deno.test("fault: bench throws away finished measurements: the time is up in a round", async () => {
  const time = new AbortController();
  const { stages, problems } = await rounds((_, number) => {
    if (number < 4) return Promise.resolve(RESULT);
    time.abort(new OutOfTime("There was no time left after 60 s"));
    return Promise.reject(new Error("killed"));
  }, time.signal);
  assert.equal(stages.length, 3);
  assert.deepEqual(problems.failures, []);
  assert.deepEqual(problems.unfinished, ["round 2: There was no time left after 60 s"]);
});

Deno.test("fault: bench throws away finished measurements: a server fails", async () => {
  const { stages, problems } = await rounds((peer, number) =>
    peer.name === "Redis" && number > 2
      ? Promise.reject(new Error("1 replies of Redis were wrong: x"))
      : Promise.resolve(RESULT)
  );
  assert.equal(stages.filter(({ peer }) => peer === "htserver").length, 3);
  assert.equal(stages.filter(({ peer }) => peer === "Redis").length, 1);
  assert.deepEqual(problems.failures, ["Redis, lookup, 50: 1 replies of Redis were wrong: x"]);
});
