/** The table of programs to build, with the permissions of each. */

/** A program to build. */
export interface Program {
  /** Name of the executable. */
  readonly name: string;
  /** Its entry point, in the top folder. */
  readonly entry: string;
  /** Permission flags of Deno. All other permissions are denied without a prompt. */
  readonly permissions: readonly string[];
  /** Flags of V8 (default: none). */
  readonly v8Flags?: readonly string[];
  /**
   * Whether it may start itself (default: no). The header of the portable form grants only the path of
   * the executable, which has these permissions. The path of its Deno binary would allow everything. The
   * path of the compiled form is not known before it runs, so it may start any program. It drops this
   * permission before its first connection.
   */
  readonly startsItself?: boolean;
}

/**
 * Flags for the environment variables that a program may read. Others seem not to be set
 * (`--ignore-env`), because libraries read many and must not fail.
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
 * All programs. They may read and write any file, because flags of the user name the files. Deno requires
 * the permission to read also for a rename.
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
      ...environment(
        ...["CATALOG_HOST", "CATALOG_PORT", "USER", "LOGNAME", "HTSERVER_STORE_PASSWORD"],
      ),
    ],
    // The table is outside of V8's heap, which contains mainly connections and garbage. By default, V8
    // lets this garbage double the heap (docs/PERFORMANCE.md). So new objects get 4 MB instead of 16, and
    // a full collection begins after a growth of 30% instead of up to 300%. --expose-gc is for
    // lib/runtime/idle_gc.ts, which collects the garbage of closed connections.
    v8Flags: ["--expose-gc", "--max-semi-space-size=4", "--heap-growing-percent=30"],
  },
  {
    name: "testperf",
    entry: "testperf.ts",
    permissions: [
      "--allow-net",
      "--allow-read",
      "--allow-write", // --csv and --plot
      "--allow-sys=hostname",
      // lib/terminal/foreground.ts and lib/perf/socket/. It is dropped before the first connection.
      "--allow-ffi",
      // The second line is for the header, when the program starts copies of itself (--processes).
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

/** Returns the flags of `deno run` and `deno compile` for a program: permissions and flags of V8. */
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
