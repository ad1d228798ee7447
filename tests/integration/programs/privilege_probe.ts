/** A probe of permissions: a test runs it in place of a program, with the permissions of that program. */

/** The results of the attempts: for each `ok`, a value, or the name of the error. */
export type ProbeResults = Readonly<Record<string, unknown>>;

/**
 * The JavaScript of the probe. Its arguments are the path of Deno, the paths of a file to read and of one
 * to write, and the address of a module. It prints the results as JSON.
 */
export const PROBE = `
const [deno, readable, writable, remote] = Deno.args;
const results = {};
const attempt = async (name, action) => {
  try {
    results[name] = await action() ?? "ok";
  } catch (error) {
    results[name] = error.name;
  }
};
const quiet = { stdin: "null", stdout: "null", stderr: "null" };
await attempt("run sh", () => void new Deno.Command("sh", { args: ["-c", "true"], ...quiet }).outputSync());
await attempt("run deno", () => void new Deno.Command(deno, { args: ["--version"], ...quiet }).outputSync());
await attempt("run as in Node.js", async () => {
  (await import("node:child_process")).execFileSync("/bin/true");
});
await attempt("kill", () => Deno.kill(Deno.ppid, "SIGCONT"));
await attempt("ffi", () => void Deno.dlopen("libc.so.6", {}));
await attempt("addon", async () => {
  (await import("node:process")).default.dlopen({ exports: {} }, "/no/such/addon.node");
});
await attempt("inspector", async () => (await import("node:inspector")).open(0, "127.0.0.1"));
for (const name of ["HOME", "PATH", "SSH_AUTH_SOCK", "SECRET", "USER", "CATALOG_HOST"]) {
  await attempt("env " + name, () => Deno.env.get(name) ?? "unset");
}
await attempt("env SECRET as in Node.js", async () =>
  (await import("node:process")).default.env.SECRET ?? "unset");
await attempt("all of env", () => Object.keys(Deno.env.toObject()).includes("SECRET") ? "visible" : "hidden");
await attempt("environment in /proc", () => void Deno.readTextFileSync("/proc/self/environ"));
await attempt("memory in /proc", () => void Deno.openSync("/proc/self/mem", { write: true }));
for (const name of ["hostname", "osRelease", "osUptime", "loadavg", "uid", "gid"]) {
  await attempt(name, () => void Deno[name]());
}
await attempt("networkInterfaces", () => void Deno.networkInterfaces());
await attempt("systemMemoryInfo", () => void Deno.systemMemoryInfo());
await attempt("userInfo", async () => void (await import("node:os")).userInfo());
for (const [name, specifier] of Object.entries({ remote, npm: "npm:left-pad@1.3.0" })) {
  await attempt("import " + name, async () => void await import(specifier));
}
await attempt("run in a worker", async () => {
  const code = "try { new Deno.Command('sh').outputSync(); postMessage('ok') } catch (e) { postMessage(e.name) }";
  const worker = new Worker("data:text/javascript," + encodeURIComponent(code), { type: "module" });
  const reply = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => { event.preventDefault(); resolve("NotCapable"); };
  });
  worker.terminate();
  return reply;
});
for (const name of ["run", "ffi", "env"]) {
  await attempt("ask for " + name, () => Deno.permissions.requestSync({ name }).state);
}
await attempt("read", () => void Deno.readTextFileSync(readable));
await attempt("write", () => Deno.writeTextFileSync(writable, ""));
await attempt("listen", () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close());
await attempt("connect", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (await Deno.connect(listener.addr)).close();
  listener.close();
});
await attempt("datagrams", () =>
  Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }).close());
console.log(JSON.stringify(results));
Deno.exit();
`;
