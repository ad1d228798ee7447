/**
 * The least that a durable insert can cost: the same bytes written and forced to the disk, in a loop, in
 * a process of its own. Arguments: the file, the seconds, and the milliseconds to wait before each.
 * Writes the milliseconds of each as JSON.
 */
import { sleep } from "../../lib/base/clock.ts";
import { RecordBuffer } from "../../lib/storage/log/log_record.ts";
import { fromSource, run } from "./program.ts";
import { insertOf } from "../durability/dataset.ts";

/**
 * Runs the loop, and gives the milliseconds of each write with its sync.
 *
 * @param pauseMs of idleness before each, as a server has between two requests of a client
 */
export async function bareSyncsMs(
  file: string,
  seconds: number,
  pauseMs: number,
): Promise<number[]> {
  const command = fromSource(
    "bench/harness/sync_probe.ts",
    ...[file, String(seconds), String(pauseMs)],
  );
  const { stdout } = await run(command);
  return JSON.parse(stdout);
}

if (import.meta.main) {
  const [path = "", seconds = "1", pauseMs = "0"] = Deno.args;
  const record = new RecordBuffer();
  record.addChange(1_000, 1, insertOf(1));
  const bytes = record.bytes();
  using file = Deno.openSync(path, { create: true, write: true, truncate: true });
  const tookMs: number[] = [];
  const endMs = performance.now() + Number(seconds) * 1e3;
  while (performance.now() < endMs) {
    if (Number(pauseMs) > 0) await sleep(Number(pauseMs));
    const beganMs = performance.now();
    file.writeSync(bytes);
    file.syncDataSync();
    tookMs.push(performance.now() - beganMs);
  }
  console.log(JSON.stringify(tookMs));
}
