/**
 * A script that is loaded before a server (`--preload`, with `--v8-flags=--expose-gc`). On SIGUSR2, it
 * collects garbage and prints the resources in use, as `census N {...}` on stderr, with N from 1 on.
 *
 * It counts the timers of `setTimeout` and `setInterval`. The server uses no others.
 */
const { gc, setTimeout, setInterval, clearTimeout, clearInterval } = globalThis as
  & typeof globalThis
  & { gc(): void };

type Callback = (...args: unknown[]) => void;

const timers = new Set<unknown>();

Object.assign(globalThis, {
  setTimeout(callback: Callback, delayMs?: number, ...args: unknown[]): unknown {
    const timer = setTimeout(
      (...given: unknown[]) => {
        timers.delete(timer);
        callback(...given);
      },
      delayMs,
      ...args,
    );
    timers.add(timer);
    return timer;
  },
  setInterval(callback: Callback, delayMs?: number, ...args: unknown[]): unknown {
    const timer = setInterval(callback, delayMs, ...args);
    timers.add(timer);
    return timer;
  },
  clearTimeout(timer: Parameters<typeof clearTimeout>[0]): void {
    timers.delete(timer);
    clearTimeout(timer);
  },
  clearInterval(timer: Parameters<typeof clearInterval>[0]): void {
    timers.delete(timer);
    clearInterval(timer);
  },
});

let number = 0;

Deno.addSignalListener("SIGUSR2", () => {
  gc();
  const { heapUsed: heapBytes, external: externalBytes } = Deno.memoryUsage();
  const census = { timers: timers.size, heapBytes, externalBytes };
  console.error(`census ${++number} ${JSON.stringify(census)}`);
});
