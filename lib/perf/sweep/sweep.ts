/**
 * A sweep: runs with more and more clients, to find the number at which throughput levels out.
 *
 * First, runs with 1, 2, 3, ... clients find the range, and warm up the server. Then each round has one
 * run of every step of that range, in random order. So a slow stretch of the machine falls on one repeat
 * of many steps, and not on all repeats of one step, where it would look like an effect of the clients.
 * Rounds in which a control fell are repeated.
 *
 * The time has a bound: at most twice `repeats` rounds of a range, and at most two ranges.
 */
import type { Clock } from "../../base/clock.ts";
import { type Random, randomFrom } from "../../base/random.ts";
import { PLATEAU_STEPS } from "../analysis/plateau.ts";
import { clientsText } from "../analysis/sweep_step.ts";
import type { StageData } from "../measure/stage_data.ts";
import {
  type ControlData,
  type RoundData,
  type StepData,
  withoutClientHistograms,
} from "../results/sweep_data.ts";
import { isGood, type RunResult } from "../run/run.ts";
import type { Operation } from "../workload/operation.ts";
import { ControlHistory } from "./control_history.ts";
import { maxScanClients, MIN_STEPS, needsMoreSteps, seemsToLevelOut } from "./range.ts";
import { collectResults, type Round, shuffle, stepsOf, undisturbed } from "./rounds.ts";

/** Minimum number of rounds of a range: a verdict needs two repeats. */
const MIN_ROUNDS = 2;

/** The part of a run's result that a sweep uses. */
export type SweepRun = Omit<RunResult, "server">;

/** The next run of a sweep. */
export interface SweepPosition {
  readonly clients: number;
  /** From 1, of all rounds that are planned so far; null: the run finds the range. */
  readonly round: { readonly number: number; readonly of: number } | null;
  /** From 1, of the steps of the round or of the longest range. */
  readonly step: { readonly number: number; readonly of: number };
  /** Estimate from earlier runs, in milliseconds; null: the range is not known. */
  readonly leftMs: number | null;
}

/** The events of a sweep. */
export interface SweepEvents {
  /** A run begins. */
  onPosition(position: SweepPosition): void;
  /** A run that finds the range has ended. */
  onRangeStep(step: StepData): void;
  onNote(text: string): void;
}

/** The inputs of a sweep. */
export interface SweepOptions {
  /** Numbers of clients, ascending (`sweepClients`). */
  readonly clientCounts: readonly number[];
  /** Runs of each step that count. */
  readonly repeats: number;
  /**
   * Time of the sweep, in milliseconds (default: no limit). After the first two rounds, a further one
   * begins only if it likely ends in this time.
   */
  readonly limitMs?: number | undefined;
  /** Stages of a run. */
  readonly operations: readonly Operation[];
  /** Planned length of a stage, in seconds; 0 if it is not known. */
  readonly stageSeconds: number;
  /** Seed of the orders. */
  readonly seed: number;
  /** Executes one run. */
  readonly run: (clients: number, operations: readonly Operation[]) => Promise<SweepRun>;
  /** Measures one control. */
  readonly control: () => Promise<ControlData>;
  readonly clock: Clock;
  readonly events: SweepEvents;
}

/** The result of a sweep. */
export interface SweepResult {
  readonly steps: readonly StepData[];
  readonly rounds: readonly RoundData[];
  readonly unmeasuredErrors: number;
  /** Whether no run ended early. */
  readonly complete: boolean;
  /** Why a run ended early. */
  readonly failure: string | null;
  /** Whether every run was complete, and no operation failed. */
  readonly isGood: boolean;
}

/** Measures a sweep until its end, or until a run ends early. */
export function measureSweep(options: SweepOptions): Promise<SweepResult> {
  return new Sweep(options).measure();
}

/** A planned run. */
interface NextRun {
  readonly round: Round;
  readonly position: Omit<SweepPosition, "leftMs">;
}

class Sweep {
  readonly #options: SweepOptions;
  readonly #random: Random;
  readonly #controls: ControlHistory;
  /** The runs that find the range. */
  readonly #finding: Round;
  readonly #rounds: Round[] = [];
  /** Number of steps of the range. */
  #size = 0;
  /** Scans are measured with at most this number of clients. */
  #maxScanClients = Infinity;
  /** Length of the last run of each step with its control, in milliseconds. */
  readonly #runMs = new Map<number, number>();
  readonly #endMs: number;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#random = randomFrom(options.seed);
    this.#controls = new ControlHistory(options.control);
    this.#finding = this.#newRound();
    this.#endMs = options.clock.now() + (options.limitMs ?? Infinity);
  }

  async measure(): Promise<SweepResult> {
    const { run: execute, clock, events } = this.#options;
    let unmeasuredErrors = 0;
    let areGood = true;
    let control = await this.#controls.next();
    for (const { round, position } of this.#schedule()) {
      const { clients } = position;
      events.onPosition({ ...position, leftMs: this.#leftMs(round, position) });
      const startMs = clock.now();
      if (round.controls.length === 0) round.controls.push(control);
      const run = await execute(clients, this.#operationsWith(clients));
      unmeasuredErrors += run.unmeasuredErrors;
      areGood &&= isGood(run);
      if (run.stages.length > 0) {
        round.runs.push({ clients, stages: run.stages.map(withoutClientHistograms) });
      }
      if (!run.complete) {
        const { failure } = run;
        return { ...this.#results(), unmeasuredErrors, complete: false, failure, isGood: false };
      }
      if (round === this.#finding) this.#onRangeRun(clients, run.stages);
      control = await this.#controls.next();
      round.controls.push(control);
      this.#runMs.set(clients, clock.now() - startMs);
    }
    return { ...this.#results(), unmeasuredErrors, complete: true, failure: null, isGood: areGood };
  }

  /** Plans the runs. Each decision uses the results until then. */
  *#schedule(): Generator<NextRun> {
    const { clientCounts, repeats, events } = this.#options;
    for (const mayExtend of [true, false]) {
      yield* this.#findRange();
      for (let number = 1; number <= repeats; number++) {
        if (number > MIN_ROUNDS && !this.#hasTimeFor(1)) {
          return events.onNote(`The time limit left no time for more than ${number - 1} rounds`);
        }
        yield* this.#round(number, repeats);
      }
      const isLongEnough = () =>
        !mayExtend || !this.#hasTimeFor(MIN_ROUNDS) || !this.#needsMoreSteps();
      for (let number = repeats + 1; number <= 2 * repeats; number++) {
        const isEnough = this.#undisturbed().length >= repeats;
        if (isEnough || !isLongEnough() || !this.#hasTimeFor(1)) break;
        yield* this.#round(number, number);
      }
      if (isLongEnough()) return;
      events.onNote(
        `The range was too short: no plateau up to ${
          clientsText(clientCounts[this.#size - 1] ?? 0)
        }. It is extended, and new rounds begin.`,
      );
    }
  }

  /** Adds steps to the range until throughput seems to level out. */
  *#findRange(): Generator<NextRun> {
    const { clientCounts } = this.#options;
    const minSize = Math.max(MIN_STEPS, this.#size + PLATEAU_STEPS);
    const find = (clients: number): NextRun => {
      const step = { number: clientCounts.indexOf(clients) + 1, of: clientCounts.length };
      return { round: this.#finding, position: { clients, round: null, step } };
    };
    const levelsOut = () => seemsToLevelOut(stepsOf([this.#finding]));
    while (this.#hasMoreSteps()) {
      this.#size++;
      yield* this.#range().slice(-1).map(find);
      if (this.#size < minSize || !levelsOut()) continue;
      // A slow stretch of the machine looks like a plateau, but rarely lasts until these runs.
      yield* this.#range().slice(-PLATEAU_STEPS).map(find);
      if (levelsOut()) return;
    }
  }

  /** Plans a round of all steps. */
  *#round(number: number, of: number): Generator<NextRun> {
    const round = this.#newRound();
    this.#rounds.push(round);
    const order = shuffle(this.#range(), this.#random);
    for (const [at, clients] of order.entries()) {
      const step = { number: at + 1, of: order.length };
      yield { round, position: { clients, round: { number, of }, step } };
    }
  }

  #newRound(): Round {
    return { runs: [], startedUnixMs: this.#options.clock.unixMs(), controls: [] };
  }

  /** The numbers of clients of the range. */
  #range(): readonly number[] {
    return this.#options.clientCounts.slice(0, this.#size)
      .filter((clients) => this.#operationsWith(clients).length > 0);
  }

  #hasMoreSteps(): boolean {
    const next = this.#options.clientCounts[this.#size];
    return next !== undefined && this.#operationsWith(next).length > 0;
  }

  /** The rounds with every step of the range. */
  #wholeRounds(): Round[] {
    const steps = this.#range().length;
    return this.#rounds.filter(({ runs }) => runs.length === steps);
  }

  #undisturbed(): Round[] {
    return undisturbed(this.#wholeRounds(), this.#controls);
  }

  /** Whether the rounds so far show that the range is too short. */
  #needsMoreSteps(): boolean {
    const rounds = this.#undisturbed();
    return this.#hasMoreSteps() && rounds.length >= MIN_ROUNDS && needsMoreSteps(stepsOf(rounds));
  }

  /** Whether some rounds of the range likely end before the time limit. */
  #hasTimeFor(rounds: number): boolean {
    return this.#options.clock.now() + rounds * this.#timeOf(this.#range()) <= this.#endMs;
  }

  #results(): Pick<SweepResult, "steps" | "rounds"> {
    const { repeats } = this.#options;
    return collectResults(
      this.#finding,
      this.#rounds,
      this.#range().length,
      repeats,
      this.#controls,
    );
  }

  /** Estimates the time until the end of the planned rounds, or until the time limit. */
  #leftMs({ runs }: Round, { round }: NextRun["position"]): number | null {
    if (round === null) return null;
    const done = new Set(runs.map(({ clients }) => clients));
    const restMs = this.#timeOf(this.#range().filter((clients) => !done.has(clients)));
    const laterMs = (round.of - round.number) * this.#timeOf(this.#range());
    const limitMs = this.#endMs - this.#options.clock.now() - restMs;
    return restMs + Math.min(laterMs, Math.max(0, limitMs));
  }

  /** Estimates the time of one run of each step, in milliseconds. */
  #timeOf(steps: readonly number[]): number {
    return steps.reduce((sum, clients) => sum + (this.#runMs.get(clients) ?? 0), 0);
  }

  #operationsWith(clients: number): readonly Operation[] {
    const { operations } = this.#options;
    if (clients <= this.#maxScanClients) return operations;
    return operations.filter((operation) => operation !== "scan");
  }

  #onRangeRun(clients: number, stages: readonly StageData[]): void {
    const { stageSeconds, events } = this.#options;
    events.onRangeStep({ clients, repeats: [stages] });
    const max = maxScanClients(clients, stages, stageSeconds);
    if (max >= this.#maxScanClients) return;
    this.#maxScanClients = max;
    events.onNote(
      `scan: not measured with more than ${
        clientsText(max)
      }, because scans with ${clients} took too long: each of them reads the whole table`,
    );
  }
}
