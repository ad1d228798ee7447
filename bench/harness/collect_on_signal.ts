/**
 * A script that is loaded before a server (`--preload`, with `--v8-flags=--expose-gc`). It collects
 * garbage on SIGUSR2, so that a test can distinguish memory in use from garbage.
 */
const { gc } = globalThis as typeof globalThis & { gc(): void };

Deno.addSignalListener("SIGUSR2", () => gc());
