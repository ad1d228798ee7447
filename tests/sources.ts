/** The project's source files, for the tests of rules that hold for all of them. */
import { fileURLToPath } from "node:url";

/** Folder of the project, with a slash at its end. */
export const TOP: string = fileURLToPath(new URL("../", import.meta.url));

/** The entry points, in the top folder. */
export const PROGRAMS: readonly string[] = ["server.ts", "client.ts", "catalog.ts", "testperf.ts"];

/** A source file. */
export interface Source {
  /** From the top folder. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  /** The project files that it imports, as paths from the top folder. */
  readonly imports: readonly string[];
}

/** Reads all TypeScript files below folders, given as `lib/`, or single files. */
export function sourcesIn(...paths: readonly string[]): Source[] {
  return paths.flatMap((path) => {
    if (!path.endsWith("/")) return path.endsWith(".ts") ? [sourceOf(path)] : [];
    const entries = [...Deno.readDirSync(TOP + path)];
    return sourcesIn(
      ...entries.map(({ name, isDirectory }) => path + name + (isDirectory ? "/" : "")),
    );
  });
}

function sourceOf(path: string): Source {
  const text = Deno.readTextFileSync(TOP + path);
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  // import ... from "x", export ... from "x", import("x") and import "x".
  const imports = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)]
    .map(([, specifier = ""]) =>
      fileURLToPath(new URL(specifier, `file://${TOP}${path}`)).slice(TOP.length)
    );
  return { path, text, code, imports };
}
