/**
 * Kills a server several times, and proves that one order of all operations on each key explains all
 * replies.
 *
 * No request reads the whole table between the lives: the clients continue on the recovered table. 10
 * lives, or 60 with `deno task test:long`. `ROUNDS` and `SEED` set other values.
 */
import assert from "assert";
import { History } from "./history/history.ts";
import { judge } from "./history/judge.ts";
import { killDuringStart, startProgram } from "./server_on_folder.ts";
import { lookupAll } from "./key_requests.ts";
import { liveUntilKilled } from "./kill_round.ts";
import { TempFolder } from "../helpers/folders.ts";
import { isLong } from "../helpers/long.ts";
import { randomFrom, seedFor } from "../../bench/harness/random.ts";
import type { Mix } from "./random_action.ts";

const CLIENTS = 6;

const MIX: Mix = { lookups: 50, removes: 20, sharedKeys: 12, ownKeys: 150 };

/** Largest number of replies in one life. */
const MAX_ACKNOWLEDGED = 1_500;

/** One start in 4 is killed as well. */
const KILLED_START_ONE_IN = 4;

/** Failures after which the test ends. */
const ENOUGH_FAILURES = 3;

const LIVES = Number(Deno.env.get("ROUNDS") ?? (isLong ? 60 : 10));

Deno.test(`crash: the history of ${LIVES} lives is linearizable key by key`, async () => {
  const seed = seedFor("history check");
  const random = randomFrom(seed);
  const history = new History();
  await using folder = await TempFolder.make();
  for (let number = 1; number <= LIVES; number++) {
    if (random.below(KILLED_START_ONE_IN) === 0) await killDuringStart(folder.path, random);
    await using server = startProgram(folder.path);
    await liveUntilKilled({
      server,
      number,
      clients: CLIENTS,
      mix: MIX,
      acknowledged: 1 + random.below(MAX_ACKNOWLEDGED),
      random,
      history,
    });
  }
  await using server = startProgram(folder.path);
  for (const [key, value] of await lookupAll(server, history.keys())) {
    history.observe(key, value, "at the end");
  }
  const startedMs = performance.now();
  const findings = findingsIn(history);
  console.log(
    `history check: ${LIVES} lives, ${history.sent} operations, ${history.acknowledged} acknowledged, ` +
      `${history.keys().length} keys, ${findings.length} failures, ` +
      `searched for ${Math.round(performance.now() - startedMs)} ms`,
  );
  assert.deepEqual(findings, [], `SEED=${seed}\n${findings.join("\n\n")}`);
});

/** Finds the first keys with a failure. */
function findingsIn(history: History): string[] {
  const findings: string[] = [];
  for (const key of history.keys()) {
    const finding = judge(key, history.of(key));
    if (finding) findings.push(`${finding.failure}: ${finding.story}`);
    if (findings.length === ENOUGH_FAILURES) break;
  }
  return findings;
}
