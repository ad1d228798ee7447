/**
 * `deno task demo`: the whole job on this machine. Starts a catalog and a server; 1, 2 and 4 clients
 * (processes of their own) find the server by its name and measure it at the same time; prints a
 * table. It measures until all is done or the time is up, and prints whatever was measured by then.
 */
import { settlesWithin } from "../lib/base/clock.ts";
import { EXIT, messageOf, UsageError } from "../lib/base/errors.ts";
import { main } from "../lib/cli/main.ts";
import { newProgram, runParser } from "../lib/config/command_line.ts";
import { machineClock } from "../lib/base/clock.ts";
import { LocalPrograms } from "./demo/local_programs.ts";
import { type Findings, runRounds, tableOf } from "./demo/rounds.ts";

/** All is over within 30 s: the rest is for the start of the task, the table and the end of programs. */
const DEFAULT_LIMIT_S = 25;

await main("demo", async () => {
  const endMs = limitMs(Deno.args);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => stop.abort(`it was ended by ${signal}`));
  }
  await using programs = new LocalPrograms();
  return report(await demo(programs, endMs, stop));
});

/** By when all must be measured, in milliseconds since the start of this process. */
function limitMs(args: readonly string[]): number {
  const command = newProgram("demo", "A catalog, a server and clients on this machine.", [
    "demo",
    "demo --limit 10     over after 10 s, with what was measured by then",
  ]).option("--limit <s>", "seconds of measuring", String(DEFAULT_LIMIT_S));
  runParser("demo", () => command.parse([...args], { from: "user" }));
  const { limit } = command.opts();
  if (!(Number(limit) > 0)) {
    throw new UsageError(`--limit must be a number of seconds above 0, not '${limit}'`);
  }
  return Number(limit) * 1e3;
}

/** Does not throw: what goes wrong is a part of what it finds. */
async function demo(
  programs: LocalPrograms,
  endMs: number,
  stop: AbortController,
): Promise<Findings> {
  try {
    return await measure(programs, endMs, stop);
  } catch (error) {
    return { rounds: [], problems: [messageOf(error)], isComplete: false };
  }
}

async function measure(
  programs: LocalPrograms,
  endMs: number,
  stop: AbortController,
): Promise<Findings> {
  const listening = async (what: string, entry: string, args: readonly string[]) => {
    const onEnd = (how: string): void => stop.abort(`${what} ended early, with ${how}`);
    const port = programs.listening(entry, args, onEnd);
    const leftMs = Math.max(0, endMs - performance.now());
    if (await settlesWithin(port, leftMs, stop.signal)) return await port;
    throw new Error(
      stop.signal.aborted ? String(stop.signal.reason) : `the time was up before ${what} listened`,
    );
  };
  const name = `demo-a4-${crypto.randomUUID().slice(0, 8)}`;
  const local = ["--host", "127.0.0.1"];
  const catalogPort = await listening("the catalog", "catalog.ts", [...local, "--port", "0"]);
  const catalogAt = `127.0.0.1:${catalogPort}`;
  say(`A catalog listens on ${catalogAt}`, "htcatalog --host 127.0.0.1");
  const finding = ["--catalog", catalogAt, "--local-catalog", "off"];
  const beforeMs = performance.now();
  const serverArgs = [name, "--memory", ...local, ...finding];
  const port = await listening("the server", "server.ts", serverArgs);
  say(`A server named ${name} listens on port ${port}`, `htserver ${name}`);
  return await runRounds({
    clock: machineClock,
    endMs,
    startMs: performance.now() - beforeMs,
    stop: stop.signal,
    startClient: (options) => programs.client([name, ...finding], options),
    onRound: (clients, stageMs) =>
      say(
        `${clients} client${clients === 1 ? "" : "s"}, stages of ${stageMs / 1e3} s`,
        Array.from({ length: clients }, () => `testperf ${name}`).join(" & "),
      ),
  });
}

/** Prints all that was measured, then what was not. */
function report(findings: Findings): number {
  const { problems, isComplete } = findings;
  const table = tableOf(findings);
  if (table) console.log(`\n${table}`);
  if (problems.length > 0) {
    console.error(`demo: ${problems.join("; ")}`);
    return EXIT.failed;
  }
  if (isComplete) return EXIT.ok;
  console.error("demo: the time was up before all was measured: this machine is slow or busy");
  return table ? EXIT.ok : EXIT.failed;
}

function say(what: string, command: string): void {
  console.log(`${what}\n    $ ${command}`);
}
