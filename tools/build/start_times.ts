/**
 * A measurement of the time from the start of a server to its first line, as executable and from source:
 * `deno run -A tools/build/start_times.ts [EXECUTABLE] [STARTS]`.
 *
 * The starts of both alternate, so other load of the machine affects both. The program prints the medians
 * in milliseconds. A first start of each fills the caches and does not count.
 */
import { median } from "../../lib/perf/analysis/statistics.ts";
import { TOP } from "./run_deno.ts";

const [executable = `${TOP}htserver`, starts = "20"] = Deno.args;

/** The arguments of a server that no catalog lists. */
const SERVER_ARGS = [
  "t",
  "--memory",
  "--no-catalog",
  "--local-catalog",
  "off",
  "--host",
  "127.0.0.1",
];

/** Starts a server, ends it after its first line, and returns the time until then in milliseconds. */
async function measureStartMs(command: string, args: readonly string[]): Promise<number> {
  const before = performance.now();
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: TOP,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const ms = performance.now() - before;
  const line = new TextDecoder().decode(value);
  child.kill("SIGTERM");
  await Promise.all([reader.cancel(), child.status]);
  if (!line.startsWith("Listening on port ")) throw new Error(`${command} printed '${line}'`);
  return ms;
}

const subjects = [
  { name: executable, command: executable, args: SERVER_ARGS, times: [] as number[] },
  {
    name: "deno run server.ts",
    command: Deno.execPath(),
    args: ["run", "-A", "server.ts", ...SERVER_ARGS],
    times: [] as number[],
  },
];
for (const { name, command, args } of subjects) {
  console.log(`${name}: first start ${(await measureStartMs(command, args)).toFixed(0)} ms`);
}
for (let start = 0; start < Number(starts); start++) {
  for (const { command, args, times } of subjects) times.push(await measureStartMs(command, args));
}
for (const { name, times } of subjects) {
  console.log(
    `${name}: median of ${times.length} ${median(times).toFixed(1)} ms ` +
      `(${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)})`,
  );
}
