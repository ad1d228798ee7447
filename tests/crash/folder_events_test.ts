/**
 * Moves, replaces and empties the data folder of a running server before each of its system calls,
 * while a second server starts on the same path. Proves that no acknowledged change of either server
 * is lost, and that no file of another program is changed (I10). Set `SEED` to repeat a run.
 */
import assert from "assert";
import type { Log } from "../../lib/base/log.ts";
import { silentLog } from "../../lib/base/log.ts";
import { FolderFiles } from "../../lib/storage/folder/folder_files.ts";
import { lockFolder } from "../../lib/storage/folder/lock_file.ts";
import { type Asked, Engine, ListedClient, pairsOf, startOn } from "../engine/durable_engine.ts";
import { isLong } from "../helpers/long.ts";
import { type Random, randomFrom, seedFor } from "../../bench/harness/random.ts";
import { ioError, type SimulatedDisk } from "./simulated_disk.ts";
import { KilledError, SimulatedFolders, SimulatedProcess } from "./simulated_system.ts";
import { stoppedClock } from "../perf/stopped_clock.ts";
import { nextRound } from "./event_loop.ts";

/** A link to the folder `/first`, as long as it is not switched. */
const PATH = "/table.ht";
const TURNS = 24;
const KEYS = 3;

/** Changes after which the log is compacted; with the last one it is not. */
const ENTRIES = [5, 5, 1_000];

/** Turns between two looks of a server at its files; with the last one it looks only at its end. */
const LOOK_TURNS = [1, 3, 1_000];

/** Rounds of the event loop between two turns, at most. */
const PAUSE_ROUNDS = 4;

/** System calls of one look, at most. */
const LOOK_STEPS = 12;

/** Distance of the steps that are tried in the short form. */
const SAMPLE_STRIDE = 15;

/** Runs before each step in the long form. */
const LONG_ROUNDS = 3;

/** Runs without a step of that number after which there are no more; runs differ in length. */
const MISSES = 20;

/** How often the second server tries to start. */
const STARTS = 60;

/** A file of another program. */
const FOREIGN = new TextEncoder().encode("precious\n");

/** A server in one process, and what it has acknowledged. */
class Server {
  readonly process: SimulatedProcess;
  /** The folder that it opened, wherever it is now. */
  disk: SimulatedDisk | undefined;
  /** Values that each key may have: the one that was acknowledged last, and those asked for since. */
  readonly possible = new Map<string, (string | undefined)[]>();
  readonly warnings: string[] = [];
  /** Whether it has recovered its table. */
  isServing = false;
  /** Why it ended, if not by itself. */
  ended: unknown;
  readonly #name: string;
  readonly #folders: SimulatedFolders;
  readonly #ended = Promise.withResolvers<void>();

  constructor(name: string, folders: SimulatedFolders) {
    this.#name = name;
    this.#folders = folders;
    this.process = new SimulatedProcess(folders);
  }

  /** Ends it by force. */
  kill(why: unknown = new KilledError()): void {
    this.ended ??= why;
    this.process.kill();
    this.#ended.resolve();
  }

  /** Starts, changes keys, and ends. */
  async run(turns: number, random: Random): Promise<void> {
    await Promise.race([this.#ended.promise, this.#run(turns, random)]);
  }

  /** Whether files of it were removed or replaced, and all is not yet on disk again. */
  get isRestoring(): boolean {
    const [began, done] = [/writing the table to a new/, /is on disk again/].map((pattern) =>
      this.warnings.filter((line) => pattern.test(line)).length
    ) as [number, number];
    return began > done;
  }

  async #run(turns: number, random: Random): Promise<void> {
    const log: Log = { ...silentLog, warn: (message) => void this.warnings.push(message) };
    const lock = await lockFolder(PATH, this.process);
    try {
      this.disk = this.#folders.at(lock.realPath);
      const files = new FolderFiles(PATH, lock, this.process);
      const onSyncFailure = (error: unknown) => this.kill(error);
      const entries = ENTRIES[random.below(ENTRIES.length)] ?? 5;
      const { storage, table } = await startOn(files, { entries, log, onSyncFailure });
      this.isServing = true;
      const engine = new Engine(storage, table);
      const lookTurns = LOOK_TURNS[random.below(LOOK_TURNS.length)] ?? 1;
      for (let turn = 1; turn <= turns; turn++) {
        await this.#change(engine, turn, random);
        if (turn % lookTurns === 0) storage.checkFiles();
        for (let round = random.below(PAUSE_ROUNDS); round > 0; round--) await nextRound();
      }
      await storage.close();
    } catch (error) {
      if (this.ended === undefined) throw error; // it did not start
    } finally {
      if (this.ended === undefined) lock.release();
    }
  }

  async #change(engine: Engine, turn: number, random: Random): Promise<void> {
    const key = `${this.#name}${random.below(KEYS)}`;
    const isRemove = random.below(4) === 0;
    const value = isRemove ? undefined : `"${this.#name}${turn}"`;
    const asked: Asked = value === undefined
      ? { method: "remove", key }
      : { method: "insert", key, value };
    this.possible.set(key, [...this.possible.get(key) ?? [undefined], value]);
    const { words } = await new ListedClient([asked]).submitTo(engine);
    if (this.ended === undefined && words[0] !== "StorageError") this.possible.set(key, [value]);
  }
}

/** Something that happens to the folder of a running server. */
interface Event {
  readonly happen: (folders: SimulatedFolders, disk: SimulatedDisk, random: Random) => void;
  /** Whether it may come between a look at a name and the step that relies on it. */
  readonly isAnywhere: boolean;
  /**
   * Whether it may come before the server serves. A start reads what is there, and removes a new
   * checkpoint and logs that the checkpoint replaces.
   */
  readonly isAtStart: boolean;
  /** Whether a second server starts on the path then. */
  readonly hasSecond: boolean;
  /**
   * Whether the server notices it when it looks at its files, and writes the table anew. If it is killed
   * before, changes are lost.
   */
  readonly isSeenByLook: boolean;
}

const folderEvent = (happen: Event["happen"], isAnywhere: boolean): Event => ({
  happen,
  isAnywhere,
  isAtStart: true,
  hasSecond: true,
  isSeenByLook: false,
});

const fileEvent = (
  happen: (disk: SimulatedDisk, random: Random) => void,
  when: "anywhere" | "unchecked" | "serving" = "anywhere",
): Event => ({
  happen: (_folders, disk, random) => happen(disk, random),
  isAnywhere: when === "anywhere",
  isAtStart: when !== "serving",
  hasSecond: false,
  isSeenByLook: true,
});

const remove = (disk: SimulatedDisk, isMeant: (name: string) => boolean) => {
  for (const name of disk.names.filter(isMeant)) disk.remove(name);
};

const isLog = (name: string) => name.startsWith("table.txn");
const logsOf = (disk: SimulatedDisk) => disk.names.filter(isLog);

const EVENTS: Readonly<Record<string, Event>> = {
  "the folder is moved, and a new one made": folderEvent((folders) => {
    folders.put("/moved", folders.take("/first"));
    folders.put("/first");
  }, false),
  "the folder is moved": folderEvent((folders) => {
    folders.put("/moved", folders.take("/first"));
  }, false),
  "the link to the folder is switched": folderEvent((folders) => {
    folders.put("/second");
    folders.link(PATH, "/second");
  }, true),
  "the lock is removed": folderEvent((_, disk) => remove(disk, (name) => name === "lock"), true),
  "the lock is replaced": folderEvent((_, disk) => disk.put("lock", new Uint8Array(0)), true),
  "the last log is removed": fileEvent((disk) => {
    const last = logsOf(disk).at(-1);
    remove(disk, (name) => name === last);
  }),
  "table.txn is removed": fileEvent((disk) => remove(disk, (name) => name === "table.txn")),
  "all logs are removed": fileEvent((disk) => remove(disk, isLog)),
  "logs and checkpoints are removed": fileEvent((disk) =>
    remove(disk, (name) => name.startsWith("table."))
  ),
  "a log is replaced": fileEvent((disk, random) => {
    const logs = logsOf(disk);
    const name = logs[random.below(logs.length)];
    if (name !== undefined) disk.put(name, FOREIGN);
  }, "serving"),
  "a log is cut": fileEvent((disk, random) => {
    const name = logsOf(disk).at(-1);
    if (name !== undefined) disk.cut(name, random.below(disk.size(name)));
  }, "serving"),
  "the checkpoint is removed": fileEvent((disk) => remove(disk, (name) => name === "table.ckpt")),
  "the checkpoint is replaced": fileEvent((disk) => {
    if (disk.names.includes("table.ckpt")) disk.put("table.ckpt", FOREIGN);
  }, "unchecked"),
  "the new checkpoint is removed": fileEvent((disk) =>
    remove(disk, (name) => name === "table.ckpt.new")
  ),
  "the new checkpoint is replaced": fileEvent((disk) => {
    if (disk.names.includes("table.ckpt.new")) disk.put("table.ckpt.new", FOREIGN);
  }, "serving"),
};

/** What was tried. */
interface Tried {
  runs: number;
  /** In how many of them the first server ended early. */
  ended: number;
}

/** A folder behind a link, which a server has used, and was perhaps killed. */
async function usedFolder(random: Random): Promise<{ folders: SimulatedFolders; first: Server }> {
  const folders = new SimulatedFolders();
  folders.put("/first");
  folders.link(PATH, "/first");
  const first = new Server("a", folders);
  if (random.below(3) === 0) return { folders, first };
  const before = new Server("a", folders);
  const killAt = random.below(2) === 0 ? 20 + random.below(150) : 0;
  before.process.onStep = ({ number }) => {
    if (number === killAt) before.kill();
  };
  await before.run(TURNS, random);
  for (const [key, values] of before.possible) first.possible.set(key, values);
  return { folders, first };
}

/**
 * One run with an event before a step.
 *
 * @returns whether there was such a step
 */
async function runWith(event: Event, at: number, seed: number, tried: Tried): Promise<boolean> {
  const random = randomFrom(seed);
  const { folders, first } = await usedFolder(random);
  using _slowSyncs = random.below(2) === 0 ? stoppedClock(1.2) : undefined;
  const second = new Server("b", folders);
  let happenedAt = Infinity;
  let lookedAt = 0;
  const killAt = !event.isSeenByLook && random.below(2) === 0 ? at + random.below(60) : 0;
  let secondRun: Promise<void> | undefined;
  let foreign = 0;
  first.process.onStep = ({ number, call, path, isChecked }) => {
    if (call === "status" && path.endsWith("/table.ckpt")) lookedAt = number;
    const disk = number >= at && happenedAt === Infinity ? first.disk : undefined;
    if (disk && (event.isAnywhere || !isChecked) && (event.isAtStart || first.isServing)) {
      happenedAt = number;
      event.happen(folders, disk, random);
      foreign = foreignFiles(disk);
      if (event.hasSecond) secondRun = startSecond(second, random);
    }
    if (number === killAt) first.kill();
  };
  try {
    await first.run(TURNS, random);
  } catch (error) {
    if (happenedAt === Infinity) throw error; // else it did not start
    first.kill(error);
  }
  await secondRun;
  if (happenedAt === Infinity || first.disk === undefined) return false;
  tried.runs++;
  if (first.ended !== undefined) tried.ended++;
  // What happens to a file after the last look at the end, no server sees; and one that does not start
  // has not read it.
  const isUnseen = happenedAt > lookedAt - LOOK_STEPS || !first.isServing;
  if (event.isSeenByLook && isUnseen) return true;
  if (event.isSeenByLook && first.ended === undefined) {
    assert.ok(foreignFiles(first.disk) >= foreign, "a file of another program is changed");
    assert.equal(first.isRestoring, false, "it ends only when all is on disk");
  }
  assert.deepEqual([first.process.openFiles, second.process.openFiles], [0, 0]);
  for (const server of [first, second]) {
    if (server.disk === undefined) continue;
    const servers = first.disk === second.disk ? [first, second] : [server];
    await hasAll(server.disk.killed(), servers);
    await hasAll(server.disk.crashed(seed), servers);
  }
  return true;
}

function foreignFiles(disk: SimulatedDisk): number {
  return disk.names.filter((name) => areSame(disk.bytesOf(name), FOREIGN)).length;
}

function areSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Tries to start the second server until that works. */
async function startSecond(server: Server, random: Random): Promise<void> {
  for (let start = 0; start < STARTS; start++) {
    try {
      return await server.run(TURNS, random);
    } catch {
      await nextRound(); // refused: the first server still has the folder, or there is none
    }
  }
}

/** Recovers a folder, and proves that it has what its servers acknowledged. */
async function hasAll(disk: SimulatedDisk, servers: readonly Server[]): Promise<void> {
  const { storage, table } = await startOn(disk, { entries: 5 });
  await storage.checkpointing;
  await storage.close();
  const pairs = new Map(pairsOf(table));
  for (const { possible } of servers) {
    for (const [key, values] of possible) {
      const value = pairs.get(key);
      assert.ok(values.includes(value), `${key} is ${value}, and must be one of ${values.join()}`);
    }
  }
}

/** Tries an event before each step, or before a sample of them. */
async function tryAll(name: string, event: Event): Promise<void> {
  const seed = seedFor(`folder events ${name}`);
  const tried: Tried = { runs: 0, ended: 0 };
  const stride = isLong ? 1 : SAMPLE_STRIDE;
  for (let at = 1 + randomFrom(seed).below(stride), misses = 0; misses < MISSES; at += stride) {
    for (let round = 0; round < (isLong ? LONG_ROUNDS : 1); round++) {
      const runSeed = seed + at * LONG_ROUNDS + round;
      try {
        misses = await runWith(event, at, runSeed, tried) ? 0 : misses + 1;
      } catch (error) {
        throw new Error(`before step ${at}, seed ${runSeed}: ${error}`, { cause: error });
      }
    }
  }
  assert.ok(tried.runs > 5, "the steps are found");
  console.log(`folder events ${name}: ${tried.runs} runs, ${tried.ended} ended early`);
}

for (const [name, event] of Object.entries(EVENTS)) {
  Deno.test(`folder events: no acknowledged change is lost, and no foreign file is changed: ${name}`, () =>
    tryAll(name, event));
}

/** What a listing may give besides all names. */
const LISTINGS: Readonly<Record<string, (names: string[]) => string[]>> = {
  "fails": () => {
    throw ioError();
  },
  "is empty": () => [],
  "lacks the lock": (names) => names.filter((name) => name !== "lock"),
  "lacks the log": (names) => names.filter((name) => name !== "table.txn"),
  "lacks the checkpoint": (names) => names.filter((name) => name !== "table.ckpt"),
  "ends early": (names) => names.slice(0, 1),
};

for (const [how, listed] of Object.entries(LISTINGS)) {
  Deno.test(`folder events: no acknowledged change is lost: a listing that ${how}`, async () => {
    const seed = seedFor(`folder events listing ${how}`);
    let listings = 0;
    for (let at = 1, isOver = false; !isOver; at++) {
      for (let round = 0; round < 4; round++) {
        const random = randomFrom(seed + at * 10 + round);
        const { first } = await usedFolder(random);
        let number = 0;
        first.process.listed = (names) => ++number === at ? listed(names) : names;
        let isRefused = false;
        await first.run(TURNS, random).catch((error) => {
          isRefused = true;
          assert.match(String(error), /lists its files without|Input\/output error/);
        });
        if (isRefused) await first.run(TURNS, random); // and the next start finds all
        assert.equal(first.ended, undefined);
        assert.ok(first.disk);
        await hasAll(first.disk.killed(), [first]);
        await hasAll(first.disk.crashed(seed), [first]);
        isOver = number < at;
        if (!isOver) listings++;
      }
    }
    console.log(`folder events listing ${how}: ${listings} listings`);
  });
}
