/** A script that is loaded before a server (`--preload`). It leaks memory and timers, as a bug would. */
const leaked: Uint8Array[] = [];

const leak = setInterval(() => {
  leaked.push(new Uint8Array(500_000).fill(1));
  setTimeout(() => {}, 1e9);
}, 50);
leak.unref(); // A preloaded script must not keep the server from starting.
