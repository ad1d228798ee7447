/**
 * `deno task demo`: the whole job on this machine. Starts a catalog and a server, lets 1, 2 and 4
 * clients (processes of their own) find the server by its name and measure it at the same time, and
 * prints a table. Ends by itself; leaves nothing behind.
 */
import { columns } from "../lib/base/columns.ts";
import { messageOf } from "../lib/base/errors.ts";
import type { RunData } from "../lib/perf/run_data.ts";
import { opsPerSecond } from "../lib/perf/stage_data.ts";

/** Operations of each client in each stage. */
const OPS = 500;

/** Simultaneous clients of the rounds. */
const ROUNDS = [1, 2, 4];

/** All of it must be over by then, in milliseconds. */
const DEADLINE_MS = 28_000;

const STAGES = ["insert", "lookup", "scan", "remove"] as const;

type StageName = (typeof STAGES)[number];

/** Operations per second of one client, by stage. */
type Throughput = Readonly<Record<StageName, number>>;

const deadline = AbortSignal.timeout(DEADLINE_MS);
const children: Deno.ChildProcess[] = [];

try {
  await demo();
} catch (error) {
  console.error(
    `demo: ${deadline.aborted ? `not over after ${DEADLINE_MS / 1e3} s` : messageOf(error)}`,
  );
  Deno.exitCode = 1;
} finally {
  await Promise.all(children.map(ended));
}
Deno.exit();

async function demo(): Promise<void> {
  const name = `demo-a4-${crypto.randomUUID().slice(0, 8)}`;
  const catalog = start("catalog.ts", ["--host", "127.0.0.1", "--port", "0"]);
  const catalogAt = `127.0.0.1:${await listeningPort(catalog)}`;
  say(`A catalog listens on ${catalogAt}`, "htcatalog --host 127.0.0.1");
  const finding = ["--catalog", catalogAt, "--local-catalog", "off"];
  const server = start("server.ts", [name, "--memory", "--host", "127.0.0.1", ...finding]);
  const port = await listeningPort(server);
  say(`A server named ${name} listens on port ${port}`, `htserver ${name}`);
  const rows: string[][] = [];
  for (const clients of ROUNDS) {
    say(
      `${clients} client${clients === 1 ? "" : "s"}, ${OPS} operations a stage`,
      Array.from({ length: clients }, () => `testperf ${name}`).join(" & "),
    );
    const args = [name, "--ops", String(OPS), "--json", "--quiet", ...finding];
    const runs = await Promise.all(Array.from({ length: clients }, () => testPerf(args)));
    for (const stage of STAGES) {
      const each = runs.map((run) => run[stage]);
      const sum = each.reduce((total, one) => total + one, 0);
      rows.push([String(clients), stage, sum.toFixed(0), (sum / clients).toFixed(0)]);
    }
  }
  const heading = ["clients", "stage", "sum ops/s", "each ops/s"];
  console.log(`\n${columns([heading, ...rows], new Set([0, 2, 3]))}`);
}

function say(what: string, command: string): void {
  console.log(`${what}\n    $ ${command}`);
}

function start(program: string, args: readonly string[]): Deno.ChildProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      new URL(`../${program}`, import.meta.url).href,
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal: deadline,
  }).spawn();
  children.push(child);
  return child;
}

/** Reads the first line of a program that listens. */
async function listeningPort(child: Deno.ChildProcess): Promise<number> {
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const [, port] = /^Listening on port (\d+)\n/.exec(text) ?? [];
    if (port !== undefined) return Number(port);
  }
  throw new Error("a program ended before it listened");
}

async function testPerf(args: readonly string[]): Promise<Throughput> {
  const { success, stdout } = await start("testperf.ts", args).output();
  if (!success) throw new Error("a client failed; see above");
  const { stages } = JSON.parse(new TextDecoder().decode(stdout)) as RunData;
  return Object.fromEntries(
    stages.map(({ stage, sum }) => [stage, opsPerSecond(sum)]),
  ) as Throughput;
}

/** Ends a program, and waits for its end. */
async function ended(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended by itself.
  }
  await child.status;
}
