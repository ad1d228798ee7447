/**
 * Loaded before a program in tests (`--preload`, with `--v8-flags=--expose-gc`): collects garbage on
 * SIGUSR2, so that what a process still holds can be told from what V8 has not thrown away yet.
 */
const { gc } = globalThis as typeof globalThis & { gc(): void };

Deno.addSignalListener("SIGUSR2", () => gc());
