/** The layout of ARCHITECTURE.md: imports follow the arrows, and few files use the runtime. */
import assert from "assert";
import { PROGRAMS, sourcesIn, TOP } from "./sources.ts";

/**
 * Each folder of `lib/` with source files, and the other folders that its files may import from. The
 * arrows form no circle.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  bytes: ["base"],
  json: ["bytes"],
  runtime: ["base"],
  terminal: ["base"],
  plot: ["base"],
  protocol: ["json", "bytes", "base"],
  table: ["bytes", "base"],
  commands: ["table", "protocol", "json", "bytes", "base"],
  "storage/folder": ["runtime", "base"],
  "storage/log": ["storage/folder", "table", "bytes", "runtime", "base"],
  "storage/recovery": [
    "storage/log",
    "storage/folder",
    "commands",
    "table",
    "protocol",
    "bytes",
    "base",
  ],
  storage: ["storage/recovery", "storage/log", "storage/folder", "table", "base"],
  engine: ["storage", "commands", "table", "protocol", "runtime", "bytes", "base"],
  store: ["client", "bytes", "base"],
  "store/cluster": ["store", "bytes", "base"],
  "store/preflight": ["store/cluster", "store", "config", "base"],
  remote: ["store", "engine", "commands", "table", "protocol", "runtime", "json", "bytes", "base"],
  catalog: ["base"],
  "catalog/record": ["json", "bytes", "base"],
  "catalog/filter": [],
  "catalog/resolve": ["catalog/record", "catalog", "bytes", "base"],
  "catalog/server": ["catalog/filter", "catalog/record", "catalog", "json", "bytes", "base"],
  "catalog/announce": [
    "catalog/server",
    "catalog/resolve",
    "catalog/record",
    "catalog",
    "base",
  ],
  config: ["catalog/record", "catalog", "base"],
  server: [
    "engine",
    "commands",
    "protocol",
    "catalog/record",
    "config",
    "runtime",
    "bytes",
    "base",
  ],
  client: ["catalog/resolve", "catalog", "protocol", "json", "bytes", "base"],
  "perf/workload": ["client", "config", "protocol", "bytes", "base"],
  "perf/measure": ["perf/workload", "client", "base"],
  "perf/analysis": ["base"],
  "perf/socket": ["client", "base"],
  "perf/run": ["perf/socket", "perf/measure", "perf/workload", "client", "config", "base"],
  "perf/results": [
    "perf/analysis",
    "perf/measure",
    "perf/workload",
    "config",
    "plot",
    "terminal",
    "base",
  ],
  "perf/sum": ["perf/results", "perf/analysis", "perf/measure", "base"],
  "perf/sweep": [
    "perf/results",
    "perf/run",
    "perf/analysis",
    "perf/measure",
    "perf/workload",
    "base",
  ],
  perf: [
    "perf/sweep",
    "perf/results",
    "perf/run",
    "perf/socket",
    "perf/analysis",
    "perf/measure",
    "perf/workload",
    "client",
    "config",
    "terminal",
    "base",
  ],
  cli: ["client", "terminal", "base"],
  "cli/htclient": [
    "cli",
    "client",
    "config",
    "catalog/resolve",
    "catalog/record",
    "protocol",
    "json",
    "bytes",
    "terminal",
    "base",
  ],
  "cli/htserver": [
    "cli",
    "server",
    "engine",
    "remote",
    "store/cluster",
    "store/preflight",
    "store",
    "catalog/announce",
    "storage",
    "storage/recovery",
    "storage/folder",
    "table",
    "config",
    "terminal",
    "base",
  ],
};

/** The files of `lib/` that use `Deno.`: all I/O is there. */
const NAMES_THE_RUNTIME = [
  /^lib\/base\/log\.ts$/,
  /^lib\/storage\/open\.ts$/,
  /^lib\/storage\/folder\/(file_system|lock_file)\.ts$/,
  /^lib\/server\/(listener|server_info)\.ts$/,
  /^lib\/runtime\/poll_barrier\.ts$/,
  /^lib\/perf\/sweep\/control\.ts$/,
  /^lib\/client\/deno_socket\.ts$/,
  /^lib\/perf\/socket\/(direct_socket|system_calls)\.ts$/,
  /^lib\/cli\//,
  /^lib\/terminal\/(foreground|stdout|terminal)\.ts$/,
  /^lib\/catalog\/announce\/(own_addresses|update_sender)\.ts$/,
  /^lib\/catalog\/server\/(catalog_server|local_catalog)\.ts$/,
];

/** The folder of `lib/` that a file is in, for example `storage/log`; undefined: loose in `lib/`. */
function partOf(path: string): string | undefined {
  return /^lib\/(.+)\/[^/]+$/.exec(path)?.[1];
}

const permissions = { read: true } as const;

Deno.test({
  name:
    "architecture: the folders of lib/ are those of the table, and no file is loose beside them",
  permissions,
  fn() {
    const sources = sourcesIn("lib/");
    assert.ok(sources.some(({ imports }) => imports.includes("lib/json/scan.ts")));
    const folders = new Set(sources.map(({ path }) => partOf(path) ?? path));
    assert.deepEqual([...folders].sort(), Object.keys(ARROWS).sort());
  },
});

Deno.test({
  name: "architecture: imports go along the arrows only",
  permissions,
  fn() {
    const against: string[] = [];
    for (const { path, imports } of sourcesIn("lib/")) {
      const part = partOf(path);
      for (const imported of imports) {
        const other = partOf(imported);
        const isAllowed = imported === "deno.json" ||
          (part !== undefined && other !== undefined &&
            (other === part || (ARROWS[part] ?? []).includes(other)));
        if (!isAllowed) against.push(`${path} imports ${imported}`);
      }
    }
    assert.deepEqual(against, []);
  },
});

Deno.test({
  name: "architecture: the arrows between folders form no circle",
  permissions,
  fn() {
    assertNoCircle(ARROWS);
  },
});

Deno.test({
  name: "architecture: the imports of files form no circle, types included",
  permissions,
  fn() {
    const sources = sourcesIn("lib/", "bench/", "fuzz/", "tools/", "tests/");
    assertNoCircle(Object.fromEntries(sources.map(({ path, imports }) => [path, imports])));
  },
});

Deno.test({
  name: "architecture: ARCHITECTURE.md names all files of lib/ that share a name",
  permissions,
  fn() {
    const text = Deno.readTextFileSync(`${TOP}ARCHITECTURE.md`);
    const byName = Map.groupBy(sourcesIn("lib/"), ({ path }) => path.replace(/.*\//, ""));
    const unnamed = [...byName.values()].filter((sources) => sources.length > 1).flat()
      .map(({ path }) => path.replace("lib/", ""))
      .filter((path) => !text.includes(`\`${path}\``));
    assert.deepEqual(unnamed, []);
  },
});

Deno.test({
  name: "architecture: only the files with I/O name the runtime",
  permissions,
  fn() {
    const naming = sourcesIn("lib/").filter(({ code }) => /\bDeno\./.test(code));
    const others = naming.map(({ path }) => path)
      .filter((path) => !NAMES_THE_RUNTIME.some((allowed) => allowed.test(path)));
    assert.deepEqual(others, []);
  },
});

Deno.test({
  name: "architecture: entry points are outside lib/, and lib/ imports none of them",
  permissions,
  fn() {
    for (const { path, imports } of sourcesIn("lib/")) {
      for (const imported of imports) {
        assert.ok(
          imported.startsWith("lib/") || imported === "deno.json",
          `${path} imports ${imported}`,
        );
      }
    }
  },
});

Deno.test({
  name: "architecture: what the fuzzer compares with shares no code with what it is compared to",
  permissions,
  fn() {
    const oracles = sourcesIn("fuzz/oracle/");
    assert.ok(oracles.length > 5, "the oracles are found");
    const others = oracles.flatMap(({ path, imports }) =>
      imports.filter((imported) => !imported.startsWith("fuzz/oracle/"))
        .map((imported) => `${path} imports ${imported}`)
    );
    assert.deepEqual(others, []);
  },
});

/** Packages that draw pictures, and what a shared store needs. Most runs of a program must not load them. */
const RARE =
  /^(vega|vega-lite|@resvg\/.*|@fontsource\/.*|cluster-key-slot|lib\/(store|remote)\/.*)$/;

/** The files and packages that a source imports when it is loaded. */
function staticImports(code: string): string[] {
  const statements = code.matchAll(/^(?:import|export)\b(?! type\b)[^;]*?\bfrom "([^"]+)"/gm);
  return [...statements].map(([, specifier = ""]) => specifier);
}

Deno.test({
  name:
    "architecture: programs load what draws pictures, and what uses a shared store, when it is needed",
  permissions,
  fn() {
    const sources = new Map(sourcesIn(...PROGRAMS, "lib/").map((one) => [one.path, one.code]));
    const importing = [...sources].filter(([, code]) => /"(vega|@resvg\/)/.test(code));
    assert.ok(importing.length > 1, "lib/ imports them");
    const loaded = new Map<string, string>();
    const load = (path: string, importer: string) => {
      if (loaded.has(path)) return;
      loaded.set(path, importer);
      for (const specifier of staticImports(sources.get(path) ?? "")) {
        const isFile = specifier.startsWith(".");
        load(isFile ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier, path);
      }
    };
    for (const path of [...PROGRAMS, "lib/cli/htclient/client_program.ts"]) load(path, "");
    assert.ok(loaded.has("lib/perf/results/result_writer.ts"));
    assert.ok(loaded.has("lib/engine/local_engine.ts"));
    const rare = [...loaded].filter(([path]) => RARE.test(path));
    assert.deepEqual(rare.map(([path, importer]) => `${importer} imports ${path}`), []);
  },
});

/** Fails if a name leads to itself. */
function assertNoCircle(arrows: Readonly<Record<string, readonly string[]>>): void {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]) => {
    assert.ok(!trail.includes(name), `a circle: ${[...trail, name].join(" -> ")}`);
    if (done.has(name)) return;
    for (const next of arrows[name] ?? []) visit(next, [...trail, name]);
    done.add(name);
  };
  for (const name of Object.keys(arrows)) visit(name, []);
}
