/** A run: attempts to execute its plan, until one did not have to begin again. */
import { ExitError, messageOf } from "../../base/errors.ts";
import { errorCount, type StageData } from "../measure/stage_data.ts";
import { Attempt } from "./attempt.ts";
import type { RunOptions } from "./run_options.ts";
import type { ConnectedTarget } from "./share.ts";

/** The result of a run. */
export interface RunResult {
  readonly server: ConnectedTarget;
  readonly stages: readonly StageData[];
  /** Number of failed operations outside of the stages. */
  readonly unmeasuredErrors: number;
  /** Whether the whole plan was measured. */
  readonly complete: boolean;
  /** Why the run ended early. */
  readonly failure: string | null;
}

/** Whether the run was complete, and no operation failed. */
export function isGood({ stages, unmeasuredErrors, complete }: Omit<RunResult, "server">): boolean {
  return complete && unmeasuredErrors === 0 &&
    stages.every(({ sum, warmupErrors }) =>
      errorCount(sum.errors) === 0 && errorCount(warmupErrors) === 0
    );
}

/**
 * Runs all stages. After the clients are connected, any failure ends the run early; the result has the
 * stages that were measured before. The shares can then only be closed.
 *
 * @throws {HtError} if the server is not found, or rejects a client
 */
export async function runStages(options: RunOptions): Promise<RunResult> {
  let discardedErrors = 0;
  for (let { at } = options, isFirst = true;; isFirst = false) {
    const { mustRestart, ...result } = await runOnce({ ...options, at }, isFirst);
    discardedErrors += result.unmeasuredErrors;
    if (!mustRestart) return { ...result, unmeasuredErrors: discardedErrors };
    at = result.server;
  }
}

async function runOnce(
  options: RunOptions,
  isFirst: boolean,
): Promise<RunResult & { readonly mustRestart: boolean }> {
  const { config, shares: all, stop, events } = options;
  const shares = all.slice(0, config.clients);
  const run = new Attempt(options, shares);
  if (stop?.aborted) throw new ExitError(String(stop.reason));
  const server = await unlessStopped(run.connect(), stop);
  if (isFirst) events.onConnected?.(server);
  let failure: string | null = null;
  try {
    await unlessStopped(run.runAll(), stop);
    failure = run.failure;
  } catch (error) {
    failure = messageOf(error);
    run.isOver = true;
    events.onStageEnd?.(undefined);
    events.onNote(`The run ended early: ${failure}. ${run.leftKeysNote}`);
  }
  if (failure === null) {
    for (const end of await Promise.allSettled(shares.map((share) => share.end()))) {
      // All stages are complete, so this is only a note.
      if (end.status === "rejected") events.onNote(`At the run's end: ${messageOf(end.reason)}`);
    }
  }
  const { stages, unmeasuredErrors } = run;
  const mustRestart = failure === null && run.mustRestart;
  const complete = failure === null && stages.every((stage) => stage.complete);
  return { server, stages, unmeasuredErrors, complete, failure, mustRestart };
}

/** Waits for a promise until `stop` is aborted. @throws {ExitError} then, with the reason */
export async function unlessStopped<Result>(
  promise: Promise<Result>,
  stop: AbortSignal | undefined,
): Promise<Result> {
  if (stop === undefined) return await promise;
  const stopped = Promise.withResolvers<never>();
  const reject = () => stopped.reject(new ExitError(String(stop.reason)));
  if (stop.aborted) reject();
  stop.addEventListener("abort", reject);
  try {
    return await Promise.race([promise, stopped.promise]);
  } finally {
    stop.removeEventListener("abort", reject);
    // The caller closes the shares, which may reject the promise later.
    promise.catch(() => {});
  }
}
