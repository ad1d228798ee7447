/**
 * History check: all that clients were told through several lives of a server can be explained by one
 * order of their operations on each key.
 *
 * Nobody looks at the table between the lives; the clients go on where the server was killed. 10 lives;
 * with `deno task test:long` 60. `ROUNDS` and `SEED` set others.
 */
import assert from "assert";
import { History } from "./history.ts";
import { judge } from "./judge.ts";
import { killDuringStart, startProgram } from "./server_on_folder.ts";
import { lookupAll } from "./key_requests.ts";
import { liveUntilKilled } from "./kill_round.ts";
import { TempFolder } from "../helpers/folders.ts";
import { isLong } from "../helpers/long.ts";
import { randomFrom, seedFor } from "../../bench/harness/random.ts";
import type { Mix } from "./random_action.ts";

const CLIENTS = 6;

const MIX: Mix = { lookups: 50, removes: 20, sharedKeys: 12, ownKeys: 150 };

/** Most operations that are acknowledged in one life. */
const MAX_ACKNOWLEDGED = 1_500;

/** One in so many starts is killed on its way, too. */
const KILLED_START_ONE_IN = 4;

/** Failures after which there is no use in going on. */
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

/** The first keys that are wrong, and why. */
function findingsIn(history: History): string[] {
  const findings: string[] = [];
  for (const key of history.keys()) {
    const finding = judge(key, history.of(key));
    if (finding) findings.push(`${finding.wrong}: ${finding.story}`);
    if (findings.length === ENOUGH_FAILURES) break;
  }
  return findings;
}
