/**
 * Kills a server with `kill -9` at random moments under pipelining clients, and proves that no
 * acknowledged change is lost, and that one order of all operations on a key explains all replies.
 *
 * 10 rounds, or 200 with `deno task test:long`. `ROUNDS` and `SEED` set other values, and `HTSERVER` an
 * executable instead of the source. A seed repeats the requests of the clients and the number of replies
 * before each kill, but not how the machine interleaves them.
 */
import assert from "assert";
import { History, type Value } from "./history/history.ts";
import { judge } from "./history/judge.ts";
import { type Activity, killDuringStart, readActivity, startProgram } from "./server_on_folder.ts";
import { insertAll, lookupAll, scanKeys } from "./key_requests.ts";
import { liveUntilKilled } from "./kill_round.ts";
import { TempFolder } from "../helpers/folders.ts";
import { isLong } from "../helpers/long.ts";
import type { Program } from "../../bench/harness/program.ts";
import { type Random, randomFrom, seedFor } from "../../bench/harness/random.ts";
import { keysOf, type Mix, uniqueValue } from "./random_action.ts";

const CLIENTS = 8;

/** Many own keys, so that a checkpoint takes several slices of time with changes between them. */
const MIX: Mix = { lookups: 30, removes: 25, sharedKeys: 8, ownKeys: 400 };

/** Largest number of replies before a kill. */
const MAX_ACKNOWLEDGED = 2_500;

/** One restart in 4 is killed as well. */
const KILLED_START_ONE_IN = 4;

const ROUNDS = Number(Deno.env.get("ROUNDS") ?? (isLong ? 200 : 10));

/** Rounds of the history of several lives, whose check takes longer. */
const LIVES = Number(Deno.env.get("ROUNDS") ?? (isLong ? 60 : 10));

/** Failures after which a test ends. */
const ENOUGH_FAILURES = 10;

Deno.test(`crash: ${ROUNDS} kills under ${CLIENTS} clients lose nothing`, async () => {
  const seed = seedFor("kill test");
  await using folder = await TempFolder.make();
  const test = new KillTest(folder.path, randomFrom(seed));
  try {
    await test.run();
  } finally {
    console.log(test.summary());
  }
  assert.deepEqual(test.failures, [], `SEED=${seed}\n${test.failures.join("\n\n")}`);
});

Deno.test(`crash: the history of ${LIVES} lives is linearizable key by key`, async () => {
  const seed = seedFor("history check");
  const random = randomFrom(seed);
  const history = new History();
  await using folder = await TempFolder.make();
  const clients = 6;
  const mix: Mix = { lookups: 50, removes: 20, sharedKeys: 12, ownKeys: 150 };
  // No request reads the whole table between the lives: the clients continue on the recovered table.
  for (let number = 1; number <= LIVES; number++) {
    if (random.below(KILLED_START_ONE_IN) === 0) await killDuringStart(folder.path, random);
    await using server = startProgram(folder.path);
    const acknowledged = 1 + random.below(1_500);
    await liveUntilKilled({ server, number, clients, mix, acknowledged, random, history });
  }
  await using server = startProgram(folder.path);
  for (const [key, value] of await lookupAll(server, history.keys())) {
    history.observe(key, value, "at the end");
  }
  const findings: string[] = [];
  for (const key of history.keys()) {
    const finding = judge(key, history.of(key));
    if (finding) findings.push(`${finding.failure}: ${finding.story}`);
    if (findings.length === ENOUGH_FAILURES) break;
  }
  console.log(
    `history check: ${LIVES} lives, ${history.sent} operations, ${history.acknowledged} acknowledged, ` +
      `${history.keys().length} keys, ${findings.length} failures`,
  );
  assert.deepEqual(findings, [], `SEED=${seed}\n${findings.join("\n\n")}`);
});

/** The rounds on one folder, each with the table of the round before. */
class KillTest {
  readonly failures: string[] = [];
  readonly #folder: string;
  readonly #random: Random;
  /** The value of every key before this round. */
  #table = new Map<string, Value>();
  /** Values that were sent before this round. */
  readonly #past = new Set<string>();
  #rounds = 0;
  #sent = 0;
  #acknowledged = 0;
  #killedStarts = 0;
  readonly #phases: Record<Activity, number> = {
    "serving": 0,
    "checkpoint started": 0,
    "checkpoint half written": 0,
  };
  readonly #startedMs = performance.now();

  constructor(folder: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
  }

  async run(): Promise<void> {
    let server = startProgram(this.#folder);
    try {
      await this.#fill(server);
      while (this.#rounds < ROUNDS && this.failures.length < ENOUGH_FAILURES) {
        const history = await this.#kill(server);
        if (this.#random.below(KILLED_START_ONE_IN) === 0) {
          await killDuringStart(this.#folder, this.#random);
          this.#killedStarts++;
        }
        server = startProgram(this.#folder);
        await this.#check(server, history);
      }
      if (this.failures.length > 0) return;
      server.kill("SIGTERM");
      assert.equal(await server.exitCode(), 0, server.stderr);
      server = startProgram(this.#folder);
      await this.#check(server, new History());
    } catch (error) {
      throw new Error(`Round ${this.#rounds} failed: ${server.stderr}`, { cause: error });
    } finally {
      await server[Symbol.asyncDispose]();
    }
  }

  summary(): string {
    const { serving, ...checkpoint } = this.#phases;
    return [
      `kill test: ${this.#rounds} rounds`,
      `${this.#sent} operations`,
      `${this.#acknowledged} acknowledged`,
      `kills while serving ${serving}, with a checkpoint started ${
        checkpoint["checkpoint started"]
      }, ` +
      `with one half written ${checkpoint["checkpoint half written"]}`,
      `${this.#killedStarts} starts killed`,
      `${this.failures.length} failures`,
      `${((performance.now() - this.#startedMs) / 1e3).toFixed(1)} s`,
    ].join(", ");
  }

  async #fill(server: Program): Promise<void> {
    const owners = ["all", ...Array(CLIENTS).keys()] as const;
    const pairs = new Map(
      owners.flatMap((owner) => keysOf(owner, MIX))
        .map((key, number) => [key, uniqueValue("initial", number, this.#random)]),
    );
    await insertAll(server, pairs);
    this.#table = new Map(pairs);
    for (const value of pairs.values()) this.#past.add(value);
  }

  async #kill(server: Program): Promise<History> {
    const history = new History();
    await liveUntilKilled({
      server,
      number: ++this.#rounds,
      clients: CLIENTS,
      mix: MIX,
      acknowledged: 1 + this.#random.below(MAX_ACKNOWLEDGED),
      random: this.#random,
      history,
    });
    this.#sent += history.sent;
    this.#acknowledged += history.acknowledged;
    this.#phases[readActivity(this.#folder)]++;
    return history;
  }

  /** Compares the table of the server with the history. */
  async #check(server: Program, history: History): Promise<void> {
    const keys = [...this.#table.keys()];
    const found = await lookupAll(server, keys);
    const scanned = new Set(await scanKeys(server));
    for (const key of keys) {
      const value = found.get(key);
      const before = this.#table.get(key);
      history.observe(key, value, "after the restart");
      const finding = judge(key, history.of(key), before, this.#past);
      if (finding) this.#fail(`${finding.failure}: ${finding.story}`);
      if (this.failures.length >= ENOUGH_FAILURES) return;
      if (scanned.delete(key) !== (value !== undefined)) {
        this.#fail(`scan and lookup differ about ${key}`);
      }
    }
    for (const key of scanned) this.#fail(`key that no client wrote: ${key}`);
    this.#table = found;
    for (const value of history.inserted()) this.#past.add(value);
  }

  #fail(what: string): void {
    this.failures.push(`round ${this.#rounds}: ${what}`);
  }
}
