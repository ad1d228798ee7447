/**
 * Proves that imports go along the arrows only, and that few files name the runtime: the floor plan
 * of ARCHITECTURE.md, as far as a machine can keep it.
 */
import assert from "assert";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("../", import.meta.url));

/**
 * Every folder with source files in `lib/`, and the folders that its files may import from beside
 * their own. A folder stands below the ones that it imports from, so no import goes up.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  bytes: ["base"],
  json: ["bytes"],
  runtime: ["base"],
  terminal: ["base"],
  plot: [],
  protocol: ["json", "bytes", "base"],
  table: ["bytes", "base"],
  commands: ["table", "protocol", "json", "bytes", "base"],
  "storage/folder": ["runtime", "base"],
  "storage/log": ["storage/folder", "table", "bytes", "runtime", "base"],
  "storage/recovery": ["storage/log", "storage/folder", "table", "protocol", "bytes", "base"],
  storage: ["storage/recovery", "storage/log", "storage/folder", "table", "base"],
  engine: ["storage", "commands", "table", "protocol", "runtime", "bytes", "base"],
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
    "storage",
    "commands",
    "table",
    "protocol",
    "catalog/record",
    "config",
    "runtime",
    "bytes",
    "base",
  ],
  client: ["catalog/resolve", "catalog", "protocol", "json", "bytes", "base"],
  "perf/workload": ["client", "config", "base"],
  "perf/measure": ["perf/workload", "client", "base"],
  "perf/analysis": ["base"],
  "perf/run": ["perf/measure", "perf/workload", "client", "config", "base"],
  "perf/results": [
    "perf/analysis",
    "perf/measure",
    "perf/workload",
    "config",
    "plot",
    "terminal",
    "base",
  ],
  perf: [
    "perf/results",
    "perf/run",
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
    "storage",
    "storage/recovery",
    "storage/folder",
    "table",
    "config",
    "terminal",
    "base",
  ],
};

/** Who may name `Deno.`, beside the entry points: all I/O is there. */
const NAMES_THE_RUNTIME = [
  /^lib\/base\/log\.ts$/,
  /^lib\/storage\/open\.ts$/,
  /^lib\/storage\/folder\/(file_system|lock_file)\.ts$/,
  /^lib\/server\/(listener|server_info|socket)\.ts$/,
  /^lib\/runtime\/poll_barrier\.ts$/,
  /^lib\/client\/deno_socket\.ts$/,
  /^lib\/cli\//,
  /^lib\/terminal\/(progress|stdout|terminal)\.ts$/,
  /^lib\/catalog\/announce\/(own_addresses|update_sender)\.ts$/,
  /^lib\/catalog\/server\/(catalog_server|local_catalog)\.ts$/,
];

/** A source file: its path from the top folder, its text, and the project files it imports. */
interface Source {
  readonly path: string;
  readonly code: string;
  readonly imports: readonly string[];
}

function sourcesIn(folder: string): Source[] {
  const sources: Source[] = [];
  for (const entry of Deno.readDirSync(TOP + folder)) {
    const path = folder + entry.name;
    if (entry.isDirectory) sources.push(...sourcesIn(`${path}/`));
    else if (path.endsWith(".ts")) sources.push(source(path));
  }
  return sources;
}

function source(path: string): Source {
  const code = withoutComments(Deno.readTextFileSync(TOP + path));
  // import ... from "x", export ... from "x", import("x") and import "x".
  const imported = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)];
  const imports = imported.map(([, specifier = ""]) => specifier)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) =>
      fileURLToPath(new URL(specifier, `file://${TOP}${path}`)).slice(TOP.length)
    );
  return { path, code, imports };
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

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
  name: "architecture: no file imports itself in a circle with values",
  permissions,
  fn() {
    const sources = new Map(sourcesIn("lib/").map((one) => [one.path, valueImports(one)]));
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]) => {
      assert.ok(!trail.includes(path), `a circle: ${[...trail, path].join(" -> ")}`);
      if (done.has(path)) return;
      for (const next of sources.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of sources.keys()) visit(path, []);
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

/** What a file imports beside types. */
function valueImports({ path, code }: Source): readonly string[] {
  const values = code.replace(/\b(?:import|export) type [^;]*;/g, "");
  return [...values.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)]
    .map(([, specifier = ""]) =>
      fileURLToPath(new URL(specifier, `file://${TOP}${path}`)).slice(TOP.length)
    );
}
