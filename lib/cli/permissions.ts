/** What a program may do at its start, and never again: whoever takes it over later, cannot either. */

/** A kind of permission, all of it. */
export type Permission = "read" | "write" | "env" | "sys" | "run" | "ffi" | "import";

/** What no program needs once it has read its flags and started its own copies. */
export const UNUSED_PERMISSIONS: readonly Permission[] = ["run", "ffi", "import"];

/** Gives permissions up, for the rest of this process; those that it never had do no harm. */
export function dropPermissions(...permissions: readonly Permission[]): void {
  for (const name of permissions) Deno.permissions.revokeSync({ name });
}
