/** Durations do not depend on the wall clock, which users and programs set forward and back. */
import assert from "assert";
import { startServer } from "./helpers/server.ts";
import { PROGRAMS, sourcesIn } from "./sources.ts";

const WALL_CLOCK = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\)|\bperformance\.timeOrigin\b/;

/** The files that read the wall clock, and their reasons. */
const READS_IT: Readonly<Record<string, string>> = {
  "lib/base/clock.ts": "dates, and moments that other machines or processes compare",
  "bench/report/processor_sampler.ts": "moments of testperf's raw data, by the same clock",
};

Deno.test("fault: wall clock used for durations: it is read for a named reason only", () => {
  const sources = sourcesIn("lib/", "bench/", "fuzz/", "tools/", ...PROGRAMS);
  const reading = sources.filter(({ code }) => WALL_CLOCK.test(code)).map(({ path }) => path);
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
