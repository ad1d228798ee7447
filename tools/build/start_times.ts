/**
 * Measures how long a server takes from its start to its first line, as built and as sources:
 * `deno run -A tools/build/start_times.ts [EXECUTABLE] [STARTS]`.
 *
 * The starts take turns, so that whatever else the machine does falls on both alike. Prints
 * the medians in milliseconds; a first start of each, not counted, fills the caches.
 */
import { TOP } from "./run_deno.ts";

const [executable = `${TOP}htserver`, starts = "20"] = Deno.args;

/** A server that announces itself to nobody. */
const SERVER = ["t", "--memory", "--no-catalog", "--local-catalog", "off", "--host", "127.0.0.1"];

/** From the start of the process to its first line, in milliseconds; then ends it. */
async function startMs(command: string, args: readonly string[]): Promise<number> {
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

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = sorted.slice(middle - 1 + sorted.length % 2, middle + 1);
  return sorted.length % 2 === 1 ? low : (low + high) / 2;
}

const subjects = [
  { name: executable, command: executable, args: SERVER, times: [] as number[] },
  {
    name: "deno run server.ts",
    command: Deno.execPath(),
    args: ["run", "-A", "server.ts", ...SERVER],
    times: [] as number[],
  },
];
for (const { name, command, args } of subjects) {
  console.log(`${name}: first start ${(await startMs(command, args)).toFixed(0)} ms`);
}
for (let start = 0; start < Number(starts); start++) {
  for (const { command, args, times } of subjects) times.push(await startMs(command, args));
}
for (const { name, times } of subjects) {
  console.log(
    `${name}: median of ${times.length} ${median(times).toFixed(1)} ms ` +
      `(${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)})`,
  );
}
