/**
 * Loaded before a server (`--preload`, with `--v8-flags=--expose-gc`): collects garbage on SIGUSR2. So
 * a test can distinguish memory in use from garbage.
 */
const { gc } = globalThis as typeof globalThis & { gc(): void };

Deno.addSignalListener("SIGUSR2", () => gc());
