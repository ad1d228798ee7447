/**
 * Proves that imports go along the arrows only, and that few files name the runtime: the floor plan
 * of ARCHITECTURE.md, as far as a machine can keep it.
 */
import assert from "assert";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("../", import.meta.url));

/** Which folders the files of each folder of `lib/` may import from, beside their own. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ["base"],
  table: ["protocol", "base"],
  storage: ["table", "protocol", "base"],
  engine: ["storage", "table", "protocol", "base"],
  net: ["engine", "table", "protocol", "base"],
  config: ["base"],
  catalog: ["base"],
  client: ["protocol", "catalog", "base"],
  perf: ["client", "config", "plot", "base"],
  plot: [],
  cli: ["client", "config", "catalog", "protocol", "base"],
  status: ["base"],
};

/** Files of `lib/` outside these folders: they wire the parts, and may import all but other wiring. */
const WIRING = ["lib/ht_server.ts", "lib/open_table.ts", "lib/folder_task.ts"];

/** Who may name `Deno.`, beside the entry points: all I/O is there. */
const NAMES_THE_RUNTIME = [
  /^lib\/base\/log\.ts$/,
  /^lib\/storage\/(file_system|folder_lock|open_folder)\.ts$/,
  /^lib\/net\/(acceptor|doorbell|listen|tcp_connection)\.ts$/,
  /^lib\/client\/(dial|link)\.ts$/,
  /^lib\/(ht_server|folder_task|open_table)\.ts$/,
  /^lib\/cli\/\w+\.ts$/,
  /^lib\/base\/(progress|terminal)\.ts$/,
  /^lib\/catalog\/(announcer|update_sender|connections|catalog_server|http_exchange|local_catalog)\.ts$/,
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

/** The folder of `lib/` that a file is in, or undefined. */
function partOf(path: string): string | undefined {
  return /^lib\/(\w+)\//.exec(path)?.[1];
}

const permissions = { read: true } as const;

Deno.test({
  name: "architecture: every folder of lib/ has its arrows, and every file is in one or wires them",
  permissions,
  fn() {
    const sources = sourcesIn("lib/");
    assert.ok(sources.length > 40, "the sources are found");
    assert.ok(sources.some(({ imports }) => imports.includes("lib/base/json_scan.ts")));
    for (const { path } of sources) {
      const part = partOf(path);
      if (part === undefined) assert.ok(WIRING.includes(path), `${path} is in no folder`);
      else assert.ok(Object.hasOwn(ARROWS, part), `${part} has no arrows`);
    }
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
          (part === undefined
            ? other !== undefined || WIRING.includes(imported)
            : other !== undefined && (other === part || (ARROWS[part] ?? []).includes(other)));
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
