/**
 * Proves that durations do not depend on the wall clock, which may be set forward and back: where it
 * is read, and that a server's figures do not follow it.
 */
import assert from "assert";
import { fileURLToPath } from "node:url";
import { startServer } from "./helpers/server.ts";

const TOP = fileURLToPath(new URL("../", import.meta.url));

const WALL_CLOCK = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)|\bperformance\.timeOrigin\b/;

/** Where the wall clock is read, and what for. */
const READS_IT: Readonly<Record<string, string>> = {
  "lib/base/clock.ts": "dates, and moments that other machines or processes compare",
  "bench/report/processor_sampler.ts": "moments of testperf's raw data, by the same clock",
};

function* sourcesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(TOP + folder)) {
    if (isDirectory) yield* sourcesIn(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield folder + name;
  }
}

Deno.test("fault: wall clock used for durations: it is read for a named reason only", () => {
  const folders = ["lib/", "bench/", "fuzz/", "tools/"].flatMap((folder) => [...sourcesIn(folder)]);
  const programs = ["server.ts", "client.ts", "catalog.ts", "testperf.ts"];
  const reading = [...folders, ...programs].filter((path) => {
    const code = Deno.readTextFileSync(TOP + path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    return WALL_CLOCK.test(code);
  });
  assert.deepEqual(reading.toSorted(), Object.keys(READS_IT).toSorted());
});

Deno.test("fault: wall clock used for durations: uptime when the clock is set back", async () => {
  const realNow = Date.now;
  await using started = startServer();
  const { server } = started;
  const startTimeS = server.info.catalogFacts().startTimeS;
  for (const setMs of [-3_600_000, 86_400_000]) {
    Date.now = () => realNow() + setMs;
    try {
      const uptimeS = Number(server.info.members()["uptime_s"]);
      assert.ok(uptimeS >= 0 && uptimeS < 600, `${uptimeS} s after ${setMs} ms`);
      assert.equal(server.info.catalogFacts().startTimeS, startTimeS);
    } finally {
      Date.now = realNow;
    }
  }
});
