/** Proves that no change is lost if another program cuts or replaces a file while a server runs. */
import assert from "assert";
import { silentLog } from "../../lib/base/log.ts";
import { realFileSystem } from "../../lib/storage/folder/file_system.ts";
import { FolderFiles } from "../../lib/storage/folder/folder_files.ts";
import { encodeHeader } from "../../lib/storage/log/file_header.ts";
import { repairFolder } from "../../lib/storage/recovery/repair.ts";
import { readDamagedFolder } from "../../lib/storage/recovery/damaged_folder.ts";
import { LogWriter } from "../../lib/storage/log/log_writer.ts";
import { startOn } from "../engine/durable_engine.ts";
import { LockedFolder } from "./real_folder.ts";
import { fileOf, logWith } from "./folder_contents.ts";
import { noSpace, SimulatedDisk } from "../crash/simulated/simulated_disk.ts";
import { insertDurably, recoverPairs } from "./changes.ts";

const NEW = "table.ckpt.new";

/** Starts on a disk, and returns the keys. */
async function recoverKeys(disk: SimulatedDisk): Promise<string[]> {
  return (await recoverPairs(disk)).map(([key]) => key);
}

Deno.test("changed_files: a checkpoint that is cut while it is written replaces nothing", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 3 });
  const states: SimulatedDisk[] = [];
  disk.watch = (moment, { kind, name }) => {
    if (moment !== "after") return;
    if (kind === "write" && name === NEW) disk.cut(NEW, disk.size(NEW) - 10);
    states.push(disk.killed());
  };
  for (const key of ["a", "b", "c"]) insertDurably(life, key);
  await life.storage.checkpointing;
  states.splice(0, states.findIndex(({ names }) => names.includes("table.txn.1")));
  for (const state of states) assert.deepEqual(await recoverKeys(state), ["a", "b", "c"]);
  assert.ok(!disk.names.includes("table.ckpt") && !disk.names.includes(NEW), disk.names.join());
  disk.watch = () => {};
  for (const key of ["d", "e", "f", "g", "h", "i"]) insertDurably(life, key);
  await life.storage.checkpointing;
  await life.storage.close();
  assert.deepEqual(disk.names, ["table.ckpt", "table.txn"]);
  assert.equal(disk.openFiles, 0);
});

Deno.test("changed_files: a repair whose checkpoint is cut changes nothing", async () => {
  const disk = SimulatedDisk.of({ "table.txn": logWith({ table: "T", log: 1 }, 1, 2) });
  const before = disk.bytesOf("table.txn");
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && kind === "write" && name === NEW) disk.cut(NEW, 10);
  };
  await assert.rejects(
    repairFolder(disk, readDamagedFolder(disk, disk.names)),
    /was removed or changed/,
  );
  assert.deepEqual(disk.names, ["table.txn"]);
  assert.deepEqual(disk.bytesOf("table.txn"), before);
});

Deno.test("changed_files: a log that is cut before the checkpoint is finished is noticed", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk, { entries: 3 });
  disk.plan = ({ kind, name }) =>
    kind === "write" && name === NEW ? { error: noSpace() } : undefined;
  for (const key of ["a", "b", "c"]) insertDurably(life, key);
  await life.storage.checkpointing;
  insertDurably(life, "d");
  assert.deepEqual(disk.names, ["table.txn", "table.txn.1"]);
  disk.plan = () => undefined;
  disk.cut("table.txn", disk.size("table.txn") - 10);
  life.storage.checkFiles();
  await life.storage.checkpointing;
  assert.deepEqual(await recoverKeys(disk.killed()), ["a", "b", "c", "d"]);
  await life.storage.close();
});

Deno.test("changed_files: if the table cannot be written again, the process ends without waiting for clients", async () => {
  const disk = new SimulatedDisk();
  const life = await startOn(disk);
  const { storage } = life;
  insertDurably(life, "a");
  disk.plan = ({ kind, name }) =>
    kind === "write" && name === NEW ? { error: noSpace() } : undefined;
  disk.cut("table.txn", 10);
  storage.checkFiles();
  storage.beginClose(); // `close` is not called while a client waits
  await storage.checkpointing;
  assert.match(String(life.syncFailures), /no checkpoint can be written: No space left on device/);
  await storage.close();
  assert.equal(disk.openFiles, 0);
});

Deno.test("changed_files: a repair takes the lost keys of a damaged checkpoint from the log before it", async () => {
  const header = encodeHeader("ckpt", { covers: 2, table: "T", log: 2 });
  const disk = SimulatedDisk.of({
    "table.ckpt": fileOf(header), // cut: both keys are missing
    "table.txn": logWith({ table: "T", log: 1 }, 1, 2),
    "table.txn.1": logWith({ table: "T", log: 2 }, 3),
  });
  const contents = readDamagedFolder(disk, disk.names);
  assert.equal(contents.mayLackChanges, true);
  await repairFolder(disk, contents);
  assert.deepEqual(await recoverKeys(disk), ["k1", "k2", "k3"]);
});

Deno.test("changed_files: another program's file with the name of a new log is kept", async () => {
  const disk = new SimulatedDisk();
  const foreign = new TextEncoder().encode("precious\n");
  disk.watch = (moment, { kind, name }) => {
    if (moment === "after" && kind === "sync" && name === "table.txn.new") {
      disk.put("table.txn", foreign);
    }
  };
  const place = { name: "table.txn", number: 1 };
  await assert.rejects(LogWriter.create(disk, place, "T"), /there is another file 'table\.txn'/);
  assert.deepEqual(disk.bytesOf("table.txn"), foreign);
  assert.deepEqual([disk.names, disk.openFiles], [["table.txn"], 0]);
});

Deno.test("changed_files: a listing without the last log is refused", async () => {
  await using locked = await LockedFolder.make();
  const { path, lock } = locked;
  for (const name of ["table.txn", "table.txn.1"]) await Deno.writeTextFile(`${path}/${name}`, "");
  const list = async (path: string) =>
    (await realFileSystem.list(path)).filter((name) => name !== "table.txn.1");
  const files = new FolderFiles(path, lock, { ...realFileSystem, list });
  await assert.rejects(files.list(), /lists its files without 'table\.txn\.1'/);
});

Deno.test("changed_files: a folder that is replaced by a link to itself is lost", async () => {
  await using locked = await LockedFolder.make();
  const { path, lock } = locked;
  await Deno.rename(path, `${path}.old`);
  await Deno.symlink("table.ht", path);
  assert.throws(() => lock.check(), { name: "FolderLostError" });
});

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Files that are created until one gets the inode of the removed one; some systems use no inode twice. */
const TRIES = 100;

Deno.test("changed_files: another file with the name, length and inode of the checkpoint is noticed", async () => {
  await using locked = await LockedFolder.make();
  const { files, path } = locked;
  const warnings: string[] = [];
  const checkpoint = `${path}/table.ckpt`;
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const life = await startOn(files, { entries: 3, log });
  for (const key of ["a", "b", "c"]) insertDurably(life, key);
  await life.storage.checkpointing;
  const { ino, size } = await Deno.stat(checkpoint);
  await Deno.remove(checkpoint);
  for (let number = 0; !(await exists(checkpoint)); number++) {
    const name = `${path}/other.${number}`;
    await Deno.writeFile(name, new Uint8Array(size));
    const isIts = (await Deno.stat(name)).ino === ino;
    if (isIts || number === TRIES) await Deno.rename(name, checkpoint);
  }
  life.storage.checkFiles();
  await life.storage.checkpointing;
  assert.match(warnings.join("\n"), /'table\.ckpt' was removed or changed by another program/);
  await life.storage.close();
});
