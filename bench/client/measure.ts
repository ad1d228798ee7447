/** The rounds: in each, all programs have each load, one after another and in random order. */
import type { RunData } from "../../lib/perf/results/run_data.ts";
import { pinned } from "../harness/cpu_pinning.ts";
import { run } from "../harness/program.ts";
import type { Random } from "../harness/random.ts";
import type { Generator, Target } from "../load/generator.ts";
import { shuffled } from "../harness/rounds.ts";
import type { Cell } from "./cells.ts";

/** A program that sends the load: this testperf, an earlier one, or the generator in C. */
export type ProgramName = "this" | "earlier" | "generator";

const KEYS = 1_000;
const VALUE_BYTES = 100;
const WARM_UP_S = 0.3;
const DURATION_S = 1;

/** One program under one load, once. */
export interface Result {
  readonly cell: string;
  readonly program: ProgramName;
  readonly round: number;
  readonly perSecond: number;
  readonly p50Us: number;
  /** Processor time that the program's main threads needed for an operation, in microseconds. */
  readonly clientUs: number;
  /** The share of the time in which the busiest main thread had work. */
  readonly clientShare: number;
}

/** The inputs of the rounds. */
export interface RoundOptions {
  readonly cells: readonly Cell[];
  readonly rounds: number;
  /** The commands that start each testperf. */
  readonly commands: ReadonlyMap<ProgramName, readonly string[]>;
  readonly generator: Generator;
  readonly server: Target;
  readonly random: Random;
  /** Ends everything. */
  readonly signal: AbortSignal;
  readonly onRound: (round: number) => void;
}

/** Runs all rounds. @throws {Error} if a value was wrong, or a program failed */
export async function measureRounds(options: RoundOptions): Promise<Result[]> {
  const { cells, rounds, commands, generator, server, random, onRound } = options;
  await generator.preload(server, KEYS, VALUE_BYTES);
  const results: Result[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const cell of shuffled(cells, random)) {
      for (const program of shuffled([...commands.keys(), "generator"] as const, random)) {
        const command = commands.get(program);
        // The generator has one process only.
        if (command === undefined && cell.processes > 1) continue;
        const figures = command === undefined
          ? await runGenerator(options, cell)
          : await runTestperf(options, command, cell);
        results.push({ cell: cell.name, program, round, ...figures });
      }
    }
    onRound(round);
  }
  return results;
}

type Figures = Pick<Result, "perSecond" | "p50Us" | "clientUs" | "clientShare">;

async function runGenerator({ generator, server }: RoundOptions, cell: Cell): Promise<Figures> {
  const { perSecond, p50Us, loadBusy } = await generator.run(server, {
    ...{ connections: cell.clients, inFlight: cell.pipeline, inserts: 0, keys: KEYS },
    ...{ valueBytes: VALUE_BYTES, warmUpS: WARM_UP_S, durationS: DURATION_S },
  });
  return { perSecond, p50Us, clientUs: loadBusy / perSecond * 1e6, clientShare: loadBusy };
}

async function runTestperf(
  { server, signal }: RoundOptions,
  command: readonly string[],
  { clients, pipeline, processes }: Cell,
): Promise<Figures> {
  // deno-fmt-ignore
  const words = [
    ...command, `127.0.0.1:${server.port}`, "--no-catalog", "--local-catalog", "off",
    "--clients", clients, "--pipeline", pipeline, "--processes", processes,
    "--operations", "lookup", "--keys", KEYS, "--value-size", VALUE_BYTES,
    "--warmup", WARM_UP_S, "--duration", DURATION_S, "--json", "--quiet",
  ].map(String);
  // Several processes share the cores with the server, as users have it.
  const { code, stdout, stderr } = await run(processes > 1 ? words : pinned("load", words), {
    signal,
  });
  const { stages: [stage], complete }: Pick<RunData, "stages" | "complete"> = JSON.parse(
    stdout || '{"stages":[]}',
  );
  if (code !== 0 || stage === undefined || !complete) {
    throw new Error(`${command.at(-1)} failed (${code}): ${stderr.trim()}`);
  }
  const { sum, processors } = stage;
  const perSecond = sum.ops / sum.seconds;
  const shares = processors.map(({ mainShare }) => mainShare);
  return {
    perSecond,
    p50Us: sum.latency.p50Ms * 1e3,
    clientUs: shares.reduce((all, share) => all + share, 0) / perSecond * 1e6,
    clientShare: Math.max(...shares),
  };
}
