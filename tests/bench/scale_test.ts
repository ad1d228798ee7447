/** The tables and pictures of the scale benchmark. */
import assert from "assert";
import { figuresByName } from "../../bench/peers/raw_data.ts";
import type { ScalePoint } from "../../bench/scale/figures.ts";
import { pictureFile, pictureOf, pointsOf, scaleTable } from "../../bench/scale/report.ts";
import { SERIES, type Series } from "../../bench/scale/series.ts";
import { RESULT } from "./load_result.ts";

const SERIES_OF_TWO: Series = {
  name: "connections",
  what: "Connections",
  unit: "count",
  scale: "log",
  maxS: 1,
  points: ["lookup", "insert"].map((variant) => ({
    x: 10,
    variant,
    servers: ["htserver", "Redis"],
    load: { connections: 10, inFlight: 1, inserts: 0, keys: 1, warmUpS: 0, durationS: 1 },
  })),
  pictures: [{ figure: "throughput", title: "Throughput of all", scale: "linear" }],
};

function point(server: "htserver" | "Redis", perSecond: number[], problem?: string): ScalePoint {
  const results = perSecond.map((count, round) => (
    { ...RESULT, perSecond: count, serverCpu: 0.25, serverResidentBytes: (100 + round) * 1e6 }
  ));
  return {
    series: "connections",
    server,
    variant: "lookup",
    x: 10,
    valueBytes: 32,
    ...figuresByName(results),
    ...(problem ? { problem } : {}),
  };
}

const MEASURED = [point("Redis", [], "it is not installed"), point("htserver", [1e3, 9e3, 2e3])];

Deno.test("a row of the scale benchmark has the median, the spread and the first round's memory", () => {
  const [heading, row] = [
    scaleTable(SERIES_OF_TWO, MEASURED).heading,
    scaleTable(SERIES_OF_TWO, pointsOf(SERIES_OF_TWO, MEASURED)).rows[0],
  ];
  assert.deepEqual(Object.fromEntries(heading.map((name, at) => [name, row?.[at]])), {
    "server": "htserver",
    "load": "lookup",
    "connections": "10",
    "1,000 requests/s": "2.0 (1.0 to 9.0)",
    "p50, ms": "0.100",
    "p99, ms": "2.00 (2.00 to 2.00)",
    "rounds": "3",
    "server's core": "25%",
    "1,000 requests/s of it": "8.0 (4.0 to 36.0)",
    "generator's core": "50%",
    "memory, MB": "100",
  });
});

Deno.test("a point without measurements has its reason in the table, and is not in the picture", () => {
  const { heading, rows } = scaleTable(SERIES_OF_TWO, MEASURED);
  assert.deepEqual(rows[0]?.slice(0, 4), ["Redis", "lookup", "10", "it is not installed"]);
  assert(rows.every((row) => row.length === heading.length));

  const [picture] = SERIES_OF_TWO.pictures;
  assert(picture);
  const chart = pictureOf(SERIES_OF_TWO, picture, MEASURED);
  assert.deepEqual(chart?.series, [
    { name: "htserver, lookup", points: [{ x: 10, y: 2, low: 1, high: 9 }] },
  ]);
  assert.equal(pictureOf(SERIES_OF_TWO, picture, MEASURED.slice(0, 1)), undefined);
});

Deno.test("the document has a section for each series, and each picture has another file name", () => {
  const document = Deno.readTextFileSync(new URL("../../docs/PERFORMANCE.md", import.meta.url));
  for (const { name } of SERIES) {
    assert(document.includes(`<!-- measured: scale ${name} -->`), name);
  }
  const files = SERIES.flatMap((series) => series.pictures.map((one) => pictureFile(series, one)));
  assert.equal(new Set(files).size, files.length);
});
