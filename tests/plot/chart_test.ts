/** Proves that pictures show their whole description, and that invalid descriptions are rejected. */
import assert from "assert";
import { type Chart, chartSvg, type PlotPoint } from "../../lib/plot/chart.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("chart");

const CHART: Chart = {
  title: "Throughput <as> load & all grows",
  notes: ["Bars: minimum to maximum."],
  x: { title: "Connections", unit: "count", scale: "log" },
  y: { title: "Throughput", unit: "1,000 requests/s", scale: "linear" },
  series: [
    { name: "htserver", points: [spread(1, 20), spread(10, 80), spread(10_000, 60)] },
    { name: "Redis <7>", points: [spread(1, 30), { x: 200, y: 110.5 }] },
    { name: "Deno echo", points: [{ x: 7, y: 0 }] },
  ],
};

function spread(x: number, y: number): PlotPoint {
  return { x, y, low: y * 0.9, high: y * 1.2 };
}

function withPoints(points: readonly PlotPoint[], axes: Partial<Chart> = {}): Chart {
  return { ...CHART, series: [{ name: "only", points }], ...axes };
}

const LOG_Y: Partial<Chart> = { y: { ...CHART.y, scale: "log" } };

/** The texts of a picture. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<t(?:ext|span)[^>]*>([^<]+)</g)].map(([, text = ""]) =>
    text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
  );
}

/** The positions of the marks of points, from the upper left corner of the area between the axes. */
function marksOf(svg: string): { x: number; y: number }[] {
  return [...svg.matchAll(/<path aria-label="[^"]*" role="graphics-symbol"[^>]*>/g)]
    .filter(([mark]) => mark.includes('aria-roledescription="point"'))
    .map(([mark]) => {
      const [, x, y] = /transform="translate\(([-\d.e]+),([-\d.e]+)\)"/.exec(mark) ?? [];
      return { x: Number(x), y: Number(y) };
    });
}

test("writes the title, every series' name, and both axes with their units", async () => {
  const svg = await chartSvg(CHART);
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  const texts = textsOf(svg);
  for (
    const text of [
      CHART.title,
      ...CHART.series.map(({ name }) => name),
      "Connections",
      "Throughput (1,000 requests/s)",
      "Bars: minimum to maximum.",
      "10k",
    ]
  ) assert(texts.includes(text), `"${text}" is in ${JSON.stringify(texts)}`);
});

/** Distance of a mark from its x, so that marks of three series are side by side. */
const ASIDE_PX = 4;

test("has all points and both ends of their spread in the space between the axes", async () => {
  for (const axes of [{}, { x: { ...CHART.x, scale: "linear" } }] as Partial<Chart>[]) {
    const marks = marksOf(await chartSvg({ ...CHART, ...axes }));
    const ends = 2 * 4; // four points have a spread
    assert.equal(marks.length, 6 + ends);
    for (const { x, y } of marks) {
      assert(x >= -ASIDE_PX && x <= 560 + ASIDE_PX, `x of ${x} px is inside`);
      assert(y >= 0 && y <= 300, `y of ${y} px is inside`);
    }
  }
});

test("places a value on a logarithmic axis by its power of ten", async () => {
  const points = [1, 10, 100, 1_000, 10_000].map((value) => ({ x: value, y: value }));
  const marks = marksOf(await chartSvg(withPoints(points, LOG_Y)));
  assert.deepEqual(
    marks.map(({ x, y }) => [Math.round(x), Math.round(y)]),
    [[0, 300], [140, 225], [280, 150], [420, 75], [560, 0]],
  );
});

test("separates series by dashes and marks, not by color alone", async () => {
  const svg = await chartSvg(CHART);
  const dashes = [...svg.matchAll(/stroke-dasharray="([^"]+)"/g)];
  assert.equal(new Set(dashes.map(([, dash]) => dash)).size, 3);
  const legend = svg.slice(svg.indexOf("role-legend-symbol"));
  const shapes = [...legend.matchAll(/ d="([^"]+)"/g)].map(([, path]) => path);
  assert.equal(new Set(shapes.slice(0, 3)).size, 3);
});

test("draws a curve without marks, and points without a line", async () => {
  const values = [1, 10, 100].map((value) => ({ x: value, y: value, low: value, high: 2 * value }));
  const drawn = async (kind: "curve" | "points") => {
    const svg = await chartSvg({ ...CHART, series: [{ name: "only", kind, points: values }] });
    return {
      marks: marksOf(svg).length,
      hasLine: svg.includes('aria-roledescription="line mark"'),
    };
  };
  const ends = 2 * values.length;
  assert.deepEqual(await drawn("curve"), { marks: ends, hasLine: true });
  assert.deepEqual(await drawn("points"), { marks: ends + values.length, hasLine: false });
});

test("draws one point, many points, and very small and very large values", async () => {
  await chartSvg(withPoints([{ x: 5, y: 5 }], LOG_Y));
  await chartSvg(withPoints([{ x: 1e-9, y: 1e-3 }, { x: 1e12, y: 1e15 }], LOG_Y));
  const many = Array.from({ length: 5_000 }, (_, at) => ({ x: at + 1, y: at % 7 }));
  assert(marksOf(await chartSvg(withPoints(many))).length <= 30);
});

test("returns the same text for the same description", async () => {
  assert.equal(await chartSvg(CHART), await chartSvg(structuredClone(CHART)));
});

test("rejects values on a logarithmic axis that are not above 0, with their position", async () => {
  for (const point of [{ x: 2, y: 0 }, { x: 2, y: 1, low: -1 }]) {
    await assert.rejects(chartSvg(withPoints([{ x: 1, y: 1 }, point], LOG_Y)), {
      name: "ChartError",
      message:
        `Cannot draw "${CHART.title}": its y axis is logarithmic, so values must be above 0, ` +
        `but one is ${point.low ?? point.y} (series "only", x = 2, y = ${point.y})`,
    });
  }
  await assert.rejects(chartSvg(withPoints([{ x: 0, y: 1 }])), /its x axis is logarithmic/);
});

test("rejects an incomplete description", async () => {
  const [series] = CHART.series;
  assert(series);
  const rejected: [chart: Chart, why: RegExp][] = [
    [{ ...CHART, title: " " }, /no title/],
    [{ ...CHART, y: { ...CHART.y, unit: "" } }, /its y axis needs a title/],
    [{ ...CHART, series: [] }, /no series/],
    [{ ...CHART, series: [series, series] }, /two series are named "htserver"/],
    [withPoints([]), /series "only" has no points/],
    [withPoints([{ x: 1, y: NaN }]), /finite numbers, but one is NaN/],
    [withPoints([{ x: Infinity, y: 1 }]), /finite numbers, but one is Infinity/],
    [withPoints([{ x: 1, y: 5, low: 6 }]), /y is not in its spread of 6 to 5/],
  ];
  for (const [chart, why] of rejected) await assert.rejects(chartSvg(chart), why);
});
