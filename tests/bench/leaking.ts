/** Loaded before a server (`--preload`): it leaks memory and timers, as a bug would. */
const kept: Uint8Array[] = [];

const leak = setInterval(() => {
  kept.push(new Uint8Array(500_000).fill(1));
  setTimeout(() => {}, 1e9);
}, 50);
leak.unref(); // the server begins only when nothing of this is waited for
