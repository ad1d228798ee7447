/** The events in the data folder of a running server that `folder_events_test.ts` tries. */
import type { Random } from "../../bench/harness/random.ts";
import type { SimulatedDisk } from "./simulated/simulated_disk.ts";
import { PATH } from "./simulated/simulated_server.ts";
import type { SimulatedFolders } from "./simulated/simulated_system.ts";

/** A file of another program. */
export const FOREIGN = new TextEncoder().encode("precious\n");

/** An event in the folder of a running server. */
export interface FolderEvent {
  readonly happen: (folders: SimulatedFolders, disk: SimulatedDisk, random: Random) => void;
  /** Whether it may come between a check of a name and the step that relies on it. */
  readonly isAnywhere: boolean;
  /**
   * Whether it may come during a start. A start reads the files, and removes an unfinished checkpoint and
   * replaced logs.
   */
  readonly isAtStart: boolean;
  /** Whether a second server starts on the path after it. */
  readonly hasSecond: boolean;
  /**
   * Whether a check of the files notices it, and the table is written again. If the server is killed before
   * that, changes are lost.
   */
  readonly isSeenByCheck: boolean;
}

const folderEvent = (happen: FolderEvent["happen"], isAnywhere: boolean): FolderEvent => ({
  happen,
  isAnywhere,
  isAtStart: true,
  hasSecond: true,
  isSeenByCheck: false,
});

const fileEvent = (
  happen: (disk: SimulatedDisk, random: Random) => void,
  when: "anywhere" | "unchecked" | "serving" = "anywhere",
): FolderEvent => ({
  happen: (_folders, disk, random) => happen(disk, random),
  isAnywhere: when === "anywhere",
  isAtStart: when !== "serving",
  hasSecond: false,
  isSeenByCheck: true,
});

const remove = (disk: SimulatedDisk, isMeant: (name: string) => boolean) => {
  for (const name of disk.names.filter(isMeant)) disk.remove(name);
};

const isLog = (name: string) => name.startsWith("table.txn");
const logsOf = (disk: SimulatedDisk) => disk.names.filter(isLog);

/** All events, by their names. */
export const EVENTS: Readonly<Record<string, FolderEvent>> = {
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
