/** The foreground of the terminal: only the processes in it may draw. */

/** The C library of each system that has one at a known name. */
const LIBRARIES: Readonly<Partial<Record<typeof Deno.build.os, string>>> = {
  linux: "libc.so.6",
  darwin: "libSystem.dylib",
};

/**
 * Returns a check whether this process is in the foreground: it reads from the terminal, and belongs to
 * the job of the shell that may use it (the process group). Processes that a script starts with `&` belong
 * to the job of the script, but have no terminal to read from.
 *
 * The runtime does not report the group, and does not read /proc without all permissions. So the check
 * asks the C library, if the permission for that is granted; otherwise the job counts as in the foreground.
 * The check also works after the permission is dropped, and takes a microsecond.
 */
export function foregroundCheck(): () => boolean {
  if (!Deno.stdin.isTerminal()) return () => false;
  const library = LIBRARIES[Deno.build.os];
  // A query, because without a permission the runtime would ask the user for it.
  const isGranted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  if (library === undefined || !isGranted) return () => true;
  const { symbols: { getpgrp, tcgetpgrp } } = Deno.dlopen(library, {
    getpgrp: { parameters: [], result: "i32" },
    tcgetpgrp: { parameters: ["i32"], result: "i32" },
  });
  return () => tcgetpgrp(0) === getpgrp();
}
