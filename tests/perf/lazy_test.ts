/** Proves that testperf loads the drawing libraries only for a picture. */
import assert from "assert";
import { fromSource, run, TOP } from "../../bench/harness/program.ts";

/** The used part of the output of `deno info --json`. */
interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string };
    }[];
  }[];
}

const DRAWING =
  /[:/](vega|vega-lite|@resvg\/[^@]*|@fontsource\/[^@]*)@|\/lib\/plot\/(drawing|chart|png)\.ts$/;

/** Collects the modules that are loaded at the start, or with `isAll` at any time. */
function reached({ modules }: Info, entry: string, isAll: boolean): Set<string> {
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const found = new Set<string>();
  const visit = (specifier: string) => {
    if (found.has(specifier)) return;
    found.add(specifier);
    for (const { code, isDynamic } of known.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && (isAll || !isDynamic)) visit(code.specifier);
    }
  };
  visit(entry);
  return found;
}

Deno.test("testperf: the drawing libraries are behind dynamic imports only", async () => {
  const { code, stdout, stderr } = await run([Deno.execPath(), "info", "--json", "testperf.ts"]);
  assert.equal(code, 0, stderr);
  const info = JSON.parse(stdout) as Info;
  const entry = `file://${TOP}testperf.ts`;
  const drawing = (all: boolean) =>
    [...reached(info, entry, all)].filter((one) => DRAWING.test(one));
  assert.ok(drawing(true).some((one) => one.includes("vega-lite@")), "they are found");
  assert.deepEqual(drawing(false), []);
});

Deno.test("testperf: an unknown form of picture is a usage error", async () => {
  for (const file of ["out.pdf", "out", ".svg", "svg", "a.svg/b"]) {
    const { code, stdout, stderr } = await run(
      fromSource("testperf.ts", "127.0.0.1:9", "--plot", file),
    );
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^testperf: [^\n]*It must be a file whose name ends in .svg or .png[^\n]*\n$/,
    );
  }
});
