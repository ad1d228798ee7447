/** A server on simulated folders, with the changes that it has acknowledged. */
import assert from "assert";
import { type Log, silentLog } from "../../../lib/base/log.ts";
import { FolderFiles } from "../../../lib/storage/folder/folder_files.ts";
import { lockFolder } from "../../../lib/storage/folder/lock_file.ts";
import type { Random } from "../../../bench/harness/random.ts";
import {
  Engine,
  ListedClient,
  pairsOf,
  startOn,
  type TextRequest,
} from "../../engine/durable_engine.ts";
import { nextRound, type SimulatedDisk } from "./simulated_disk.ts";
import { KilledError, SimulatedFolders, SimulatedProcess } from "./simulated_system.ts";

/** A link to the folder `/first`, until an event switches it. */
export const PATH = "/table.ht";
export const ROUNDS = 24;
const KEYS = 3;

/** Changes in the log before a checkpoint; with the last number there is no checkpoint. */
const ENTRIES = [5, 5, 1_000];

/** Rounds between two checks of the files; with the last number there is a check only at the end. */
const CHECK_ROUNDS = [1, 3, 1_000];

/** Largest number of rounds of the event loop between two changes. */
const PAUSE_ROUNDS = 4;

/** A server in one simulated process. */
export class SimulatedServer {
  readonly process: SimulatedProcess;
  /** The folder that the server opened, under any path. */
  disk: SimulatedDisk | undefined;
  /** Values that each key may have: the last acknowledged one, and those of later requests. */
  readonly possible = new Map<string, (string | undefined)[]>();
  readonly warnings: string[] = [];
  /** Whether it has recovered its table. */
  isServing = false;
  /** The reason why the server ended early. */
  ended: unknown;
  readonly #name: string;
  readonly #folders: SimulatedFolders;
  readonly #ended = Promise.withResolvers<void>();

  constructor(name: string, folders: SimulatedFolders) {
    this.#name = name;
    this.#folders = folders;
    this.process = new SimulatedProcess(folders);
  }

  /** Kills the server. */
  kill(why: unknown = new KilledError()): void {
    this.ended ??= why;
    this.process.kill();
    this.#ended.resolve();
  }

  /** Starts, changes keys, and ends. */
  async run(rounds: number, random: Random): Promise<void> {
    await Promise.race([this.#ended.promise, this.#run(rounds, random)]);
  }

  /** Whether a file is missing, and the table is not yet on disk again. */
  get isRestoring(): boolean {
    const [started, done] = [/writing the table to a new/, /is on disk again/].map((pattern) =>
      this.warnings.filter((line) => pattern.test(line)).length
    ) as [number, number];
    return started > done;
  }

  async #run(rounds: number, random: Random): Promise<void> {
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
      const checkRounds = CHECK_ROUNDS[random.below(CHECK_ROUNDS.length)] ?? 1;
      for (let round = 1; round <= rounds; round++) {
        await this.#change(engine, round, random);
        if (round % checkRounds === 0) storage.checkFiles();
        for (let pause = random.below(PAUSE_ROUNDS); pause > 0; pause--) await nextRound();
      }
      await storage.close();
    } catch (error) {
      if (this.ended === undefined) throw error; // it did not start
    } finally {
      if (this.ended === undefined) lock.release();
    }
  }

  async #change(engine: Engine, round: number, random: Random): Promise<void> {
    const key = `${this.#name}${random.below(KEYS)}`;
    const isRemove = random.below(4) === 0;
    const value = isRemove ? undefined : `"${this.#name}${round}"`;
    const request: TextRequest = value === undefined
      ? { method: "remove", key }
      : { method: "insert", key, value };
    this.possible.set(key, [...this.possible.get(key) ?? [undefined], value]);
    const { words } = await new ListedClient([request]).submitTo(engine);
    if (this.ended === undefined && words[0] !== "StorageError") this.possible.set(key, [value]);
  }
}

/** Makes a folder behind a link; in two of three cases a server has used it, and may have been killed. */
export async function makeUsedFolder(
  random: Random,
): Promise<{ folders: SimulatedFolders; first: SimulatedServer }> {
  const folders = new SimulatedFolders();
  folders.put("/first");
  folders.link(PATH, "/first");
  const first = new SimulatedServer("a", folders);
  if (random.below(3) === 0) return { folders, first };
  const before = new SimulatedServer("a", folders);
  const killAt = random.below(2) === 0 ? 20 + random.below(150) : 0;
  before.process.onStep = ({ number }) => {
    if (number === killAt) before.kill();
  };
  await before.run(ROUNDS, random);
  for (const [key, values] of before.possible) first.possible.set(key, values);
  return { folders, first };
}

/** Recovers a folder, and proves that no acknowledged change of its servers is lost. */
export async function assertHasAll(
  disk: SimulatedDisk,
  servers: readonly SimulatedServer[],
): Promise<void> {
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
