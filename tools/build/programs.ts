/** The programs that are built, and what each may do: the one place that says so. */

/** A program to build. */
export interface Program {
  /** Name of the executable. */
  readonly name: string;
  /** Its entry point, in the top folder. */
  readonly entry: string;
  /** Permission flags of Deno; all else is denied, without a question. */
  readonly permissions: readonly string[];
  /** Flags of V8 (default: none). */
  readonly v8Flags?: readonly string[];
  /**
   * Whether it may start itself, and nothing else (default: no). The portable form is told its own
   * path by its header. That is the executable, with these permissions and no others, not the Deno
   * binary in it, which would do anything. Nobody can tell the compiled form where it will be, so it
   * may start what it likes until it gives that up, which it does before it connects to anybody.
   */
  readonly startsItself?: boolean;
}

/**
 * Environment variables that a program may see; others read as if they were not set
 * (`--ignore-env`), since libraries look at many and must not fail for it.
 */
function environment(...names: string[]): string[] {
  return [
    `--allow-env=${
      [...names, "HTSERVER_SYSTEM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"].join(",")
    }`,
    "--ignore-env",
  ];
}

/**
 * All programs. Files are those that the user's flags name: hence reading and writing anywhere
 * (for Deno, renaming a file into its place is reading it, too).
 */
export const PROGRAMS: readonly Program[] = [
  {
    name: "htserver",
    entry: "server.ts",
    permissions: [
      "--allow-net",
      "--allow-read",
      "--allow-write",
      "--allow-sys=networkInterfaces,systemMemoryInfo",
      ...environment("CATALOG_HOST", "CATALOG_PORT", "USER", "LOGNAME"),
    ],
    // The table is outside of V8's heap, which holds little but connections and garbage. Left to itself,
    // V8 lets that garbage grow to as much again (docs/PERFORMANCE.md): so new objects have 4 MB instead
    // of 16, and the rest is looked through when it has grown by 30% instead of up to 300%.
    // What a crowd of clients leaves is collected when they have gone (lib/runtime/idle_gc.ts).
    v8Flags: ["--expose-gc", "--max-semi-space-size=4", "--heap-growing-percent=30"],
  },
  {
    name: "testperf",
    entry: "testperf.ts",
    permissions: [
      "--allow-net",
      "--allow-read",
      "--allow-write", // --csv and --plot
      // The second line is what the header needs that starts its copies (--processes).
      ...environment(
        ...["CATALOG_HOST", "CATALOG_PORT", "TERM"],
        ...["HTSERVER_EXECUTABLE", "HOME", "XDG_CACHE_HOME", "TMPDIR", "PATH"],
      ),
    ],
    startsItself: true,
  },
  {
    name: "htclient",
    entry: "client.ts",
    permissions: [
      "--allow-net",
      "--allow-read",
      ...environment("CATALOG_HOST", "CATALOG_PORT", "TERM"),
    ],
  },
  {
    name: "htcatalog",
    entry: "catalog.ts",
    permissions: ["--allow-net", "--allow-read", "--allow-write", ...environment()],
  },
];

/** Flags of `deno run` and `deno compile` for a program: what it may do, no questions asked, and V8's. */
export function runtimeFlags(program: Program): string[] {
  return [
    "--no-prompt",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--no-npm",
    "--quiet",
    "--unstable-net", // Deno.listenDatagram
    ...program.permissions,
    ...(program.v8Flags === undefined ? [] : [`--v8-flags=${program.v8Flags.join(",")}`]),
  ];
}
