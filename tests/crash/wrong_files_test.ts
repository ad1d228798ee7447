/** Proves that a start refuses files with wrong content, and removes files of an interrupted checkpoint (I4). */
import assert from "assert";
import { DamageError } from "../../lib/storage/recovery/recovery.ts";
import { fileOf } from "../storage/folder_contents.ts";
import { pairsAfter, pairsOf, startOn } from "../engine/durable_engine.ts";
import { SimulatedDisk } from "./simulated/simulated_disk.ts";
import { utf8 } from "../helpers/streams.ts";
import {
  assertSame,
  Findings,
  findLineStarts,
  HISTORY,
  makeCheckpoint,
  makeLog,
  RECORDS,
  start,
} from "./file_start.ts";

Deno.test("wrong files: a whole record that holds no change is refused", async () => {
  for (
    const json of ["null", '{"method":"lookup","key":"a"}', '{"method":"insert","key":"a"}', ""]
  ) {
    const log = fileOf('{"htserver":"txn","version":1}', json);
    assertSame(await start({ files: { "table.txn": log }, history: [] }, "table.txn"), {
      refusedAt: findLineStarts(log)[1],
    });
  }
});

Deno.test("wrong files: an unknown version is refused and named", async () => {
  const { files } = await makeCheckpoint();
  for (const [file, kind] of [["table.txn", "txn"], ["table.ckpt", "ckpt"]] as const) {
    for (const version of ["2", '"1"', "null", "[1]", undefined]) {
      const member = version === undefined ? "" : `"version":${version},`;
      const header = fileOf(`{"htserver":"${kind}",${member}"covers":0}`);
      const disk = SimulatedDisk.of({ ...files, [file]: header });
      await assert.rejects(startOn(disk), (error) => {
        assert.ok(error instanceof DamageError);
        assert.equal(error.file, file);
        assert.equal(error.offset, 0);
        assert.ok(error.message.includes(`version`) && error.message.includes("knows 1"));
        return true;
      });
    }
  }
});

Deno.test("wrong files: a file of another kind is refused", async () => {
  const all = await makeCheckpoint();
  const { "table.txn": log = new Uint8Array(0), "table.ckpt": checkpoint = new Uint8Array(0) } =
    all.files;
  const others = {
    "the other one of the two": undefined,
    "a text": utf8("Dear table,\nhow are you?\n" + "I am fine.\n".repeat(20)),
    "a short text": utf8("Dear table,\n"),
    "a long line": utf8("x".repeat(5_000)),
    "JSON": utf8('{"htserver":"txn","version":1}\n{"method":"insert","key":"a","value":1}\n'),
    "random bytes": Uint8Array.from({ length: 3_000 }, (_, at) => (at * 7919) >> 3 & 255),
  };
  const findings = new Findings();
  for (const [what, bytes] of Object.entries(others)) {
    await findings.check(`${what} as log`, async () => {
      const files = { ...all.files, "table.txn": bytes ?? checkpoint };
      assertSame(await start({ ...all, files }, "table.txn"), { refusedAt: 0 });
    });
    await findings.check(`${what} as checkpoint`, async () => {
      const files = { ...all.files, "table.ckpt": bytes ?? log };
      assertSame(await start({ ...all, files }, "table.ckpt"), { refusedAt: 0 });
    });
  }
  findings.end();
});

Deno.test("wrong files: files of an interrupted checkpoint do no harm, and are removed", async () => {
  const { files, history } = await makeLog(HISTORY);
  const empty = fileOf('{"htserver":"txn","version":1}');
  const leftovers: readonly Record<string, Uint8Array>[] = [
    { "table.ckpt.new": utf8("half a checkp") },
    { "table.ckpt.new": new Uint8Array(0), "table.txn.new": new Uint8Array(0) },
    { "table.txn.1": empty },
    { "table.txn.3": empty, "table.txn.new": empty.slice(0, 20) },
    { "table.txn.1": empty, "table.txn.2": empty, "table.ckpt.new": empty },
  ];
  for (const leftover of leftovers) {
    const disk = SimulatedDisk.of({ ...files, ...leftover });
    const { recovery, storage, table } = await startOn(disk);
    assert.equal(recovery.lastSeq, RECORDS);
    assert.deepEqual(pairsOf(table), pairsAfter(history, RECORDS));
    await storage.checkpointing;
    await storage.close();
    const strays = disk.names.filter((name) => !/^table\.(txn|ckpt|torn\.1)$/.test(name));
    assert.deepEqual(strays, [], Object.keys(leftover).join());
    const again = await startOn(disk.crashed(1));
    assert.deepEqual(pairsOf(again.table), pairsAfter(history, RECORDS));
    await again.storage.close();
  }
});
