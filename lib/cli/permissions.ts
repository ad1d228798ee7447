/**
 * The permissions that a program drops after its start, so that code that takes the process over later
 * does not have them.
 */

/** A kind of permission of the runtime. */
type Permission = "read" | "write" | "env" | "sys" | "run" | "ffi" | "import";

/** Permissions that no program needs after it has read its flags and started its workers. */
export const UNUSED_PERMISSIONS: readonly Permission[] = ["run", "ffi", "import"];

/** Drops permissions until the process ends; one that it never had is ignored. */
export function dropPermissions(...permissions: readonly Permission[]): void {
  for (const name of permissions) Deno.permissions.revokeSync({ name });
}
