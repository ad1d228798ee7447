/**
 * Tests servers on disks that are full, broken, read-only or removed: no acknowledged change is lost, and
 * the server reports the problem (I2, I6, I10).
 */
import assert from "assert";
import { Asker, killAndCompare, lastMessage, server } from "./durable_server.ts";
import { Program } from "../../../bench/harness/program.ts";
import { SmallDisk, TempFolder, testWithMounts } from "../../helpers/folders.ts";
import { testWith } from "../../helpers/needs.ts";

for (const flags of [[], ["--compact-entries", "20"]]) {
  testWithMounts(
    `disk faults: a full disk fails only the changes while it is full ${flags.join(" ")}`,
    async () => {
      await using disk = await SmallDisk.mount(2_000_000);
      const folder = `${disk.path}/table.ht`;
      const ballast = `${disk.path}/ballast`;
      await using program = new Program(server(folder, ...flags));
      using asker = await Asker.of(program);
      const acknowledged = new Map<string, unknown>();
      const value = "v".repeat(9_000);
      const insert = async (key: string, text: string = value) => {
        const word = await asker.insert(key, text);
        if (word === "OK") acknowledged.set(key, text);
        return word;
      };
      assert.equal(await insert("first"), "OK");
      await Deno.writeFile(ballast, new Uint8Array(1_000_000));
      for (const round of ["with ballast", "without"]) {
        const before = acknowledged.size;
        let word: unknown = "OK";
        for (let number = 0; number < 300 && word === "OK"; number++) {
          word = await insert(`${round} ${number}`);
        }
        assert.equal(word, "StorageError");
        assert.ok(acknowledged.size > before);
        word = await insert("first", value + value);
        // A failed checkpoint may have freed space.
        if (flags.length === 0) assert.equal(word, "StorageError");
        assert.equal(await asker.size(), acknowledged.size, "reads go on");
        for (const [key, text] of acknowledged) assert.equal(await asker.lookup(key), text);
        if (round === "without") break;
        await Deno.remove(ballast);
        assert.equal(await insert("again"), "OK", "there is room again");
      }
      program.kill("SIGKILL");
      await program.exitCode();
      // The next server needs space for a checkpoint.
      await using roomy = await TempFolder.make();
      for await (const { name } of Deno.readDir(folder)) {
        await Deno.copyFile(`${folder}/${name}`, `${roomy.path}/${name}`);
      }
      await killAndCompare(program, roomy.path, acknowledged);
    },
  );
}

testWith(["strace"], "disk faults: a new data folder is durable in its parent folder", async () => {
  await using temp = await TempFolder.make();
  const folder = `${temp.path}/new/table.ht`;
  const trace = `${temp.path}/trace`;
  const command = ["strace", "-f", "-y", "-qq", "-o", trace, "-e", "trace=fsync,?mkdir,?mkdirat"];
  await using program = new Program([...command, ...server(folder)]);
  using asker = await Asker.of(program);
  Deno.kill(await asker.pid(), "SIGTERM");
  await program.exitCode();
  const lines = (await Deno.readTextFile(trace)).split("\n");
  const at = (what: string) => lines.findIndex((line) => line.includes(what));
  for (const above of [temp.path, `${temp.path}/new`]) {
    const made = lines.findIndex((line) =>
      line.includes(`mkdir("${above}/`) && line.endsWith("= 0")
    );
    assert.ok(made >= 0 && at(`<${above}>`) > made, `${above} is not synced: ${lines.join("\n")}`);
  }
});

/** The command of a server under strace, which makes system calls fail. */
function faulty(folder: string, trace: string, fault: string): string[] {
  return ["strace", "-f", "-qq", "-o", trace, "-e", fault, ...server(folder)];
}

testWith(
  ["strace"],
  "disk faults: a failed sync ends the server, and no change without a sync is acknowledged",
  async () => {
    for (const when of [2, 6]) {
      await using temp = await TempFolder.make();
      const folder = `${temp.path}/table.ht`;
      const trace = `${temp.path}/trace`;
      const acknowledged = new Map<string, unknown>();
      {
        await using program = new Program(
          faulty(folder, trace, `inject=fdatasync:error=EIO:when=${when}+`),
        );
        using asker = await Asker.of(program);
        let word: unknown = "OK";
        for (let number = 0; number < 200 && word === "OK"; number++) {
          word = await asker.insert(`k${number}`, number);
          if (word === "OK") acknowledged.set(`k${number}`, number);
        }
        assert.equal(word, "gone");
        const message = await lastMessage(program);
        assert.match(message, /Cannot force the log of .* to disk.*Input\/output error/);
      }
      const good = (await Deno.readTextFile(trace)).split("\n")
        .filter((line) => /fdatasync.*(\)|resumed.*) *= 0$/.test(line)).length;
      assert.ok(acknowledged.size <= good - 1, `${acknowledged.size} acknowledged, ${good} syncs`);
      await using again = new Program(server(folder));
      using asker = await Asker.of(again);
      for (const [key, value] of acknowledged) assert.equal(await asker.lookup(key), value);
    }
  },
);

testWith(["strace"], "disk faults: a failed write fails only its own changes", async () => {
  await using temp = await TempFolder.make();
  const folder = `${temp.path}/table.ht`;
  const fault = "inject=write:error=EIO:when=5..7";
  const [command = "", ...args] = faulty(folder, `${temp.path}/trace`, fault);
  await using program = new Program([command, "-P", `${folder}/table.txn`, ...args]);
  using asker = await Asker.of(program);
  const acknowledged = new Map<string, unknown>();
  const words: unknown[] = [];
  for (let number = 0; number < 12; number++) {
    const word = await asker.insert("key", number);
    words.push(word);
    if (word === "OK") acknowledged.set("key", number);
    assert.equal(await asker.lookup("key"), acknowledged.get("key"));
  }
  assert.equal(words.filter((word) => word === "StorageError").length, 3, words.join());
  assert.equal(words.filter((word) => word === "OK").length, 9);
  Deno.kill(await asker.pid(), "SIGKILL");
  await killAndCompare(program, folder, acknowledged);
});

Deno.test("disk faults: a server with a deleted folder soon acknowledges no changes", async () => {
  await using temp = await TempFolder.make();
  const folder = `${temp.path}/table.ht`;
  await using program = new Program(server(folder, "--compact-entries", "5"));
  using asker = await Asker.of(program);
  assert.equal(await asker.insert("before", 1), "OK");
  await Deno.remove(folder, { recursive: true });
  let word: unknown = "OK";
  // The server checks once a second; 100,000 changes take longer on any disk.
  for (let number = 0; number < 100_000 && word === "OK"; number++) {
    word = await asker.insert(`after ${number}`, number);
  }
  for (let number = 0; number < 20 && word !== "gone"; number++) { // the server may also end
    assert.equal(word, "StorageError", `${number}`);
    word = await asker.insert("later", number);
  }
  const before = await asker.lookup("before");
  if (before === undefined) assert.equal(await program.exitCode(), 1);
  else assert.equal(before, 1, "reads go on");
});

Deno.test("disk faults: --fsync interval and never warn about losses; a kill loses nothing", async () => {
  for (const fsync of ["interval", "never"]) {
    await using temp = await TempFolder.make();
    await using program = new Program(server(temp.path, "--fsync", fsync));
    using asker = await Asker.of(program);
    await program.until("stderr", new RegExp(`warn: --fsync ${fsync}: a power failure may cost`));
    const info = await asker.ask({ method: "info" }) as { result: { durability: string } };
    assert.equal(info.result.durability, fsync);
    const acknowledged = new Map<string, unknown>();
    for (let number = 0; number < 20; number++) {
      assert.equal(await asker.insert(`k${number}`, number), "OK");
      acknowledged.set(`k${number}`, number);
    }
    await killAndCompare(program, temp.path, acknowledged);
  }
});
