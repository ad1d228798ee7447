/** The reader of a run with all members that a merge with other runs uses. A comparison needs fewer. */
import { isNumber, isObject, RawDataError, readRawData } from "./read_data.ts";
import type { StageData } from "../measure/stage_data.ts";
import type { RunData } from "./run_data.ts";

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const LATENCY = objectOf({
  count: isNumber,
  meanMs: isNumber,
  p50Ms: isNumber,
  p99Ms: isNumber,
  maxMs: isNumber,
  histogram: isText,
});

const MEASURED: Shape = {
  ops: isNumber,
  errors: recordOf(isNumber),
  unknown: isNumber,
  // Earlier versions did not have it.
  removedBefore: (value) => value === undefined || isNumber(value),
  seconds: isNumber,
  latency: LATENCY,
};

const CLIENT: Shape = {
  ...MEASURED,
  operations: recordOf(objectOf(MEASURED)),
  unsent: isNumber,
  gaps: listOf(objectOf({ fromUnixMs: isNumber, toUnixMs: isNumber })),
};

const STAGE: Shape = {
  stage: isText,
  startedUnixMs: isNumber,
  startSpreadMs: isNumber,
  ended: isText,
  complete: (value) => typeof value === "boolean",
  clients: listOf(objectOf(CLIENT)),
  sum: objectOf(CLIENT),
  warmupErrors: recordOf(isNumber),
  sendDelay: (value) => value === null || LATENCY(value),
  clientsAtBound: isNumber,
  processors: listOf(objectOf({ allShare: isNumber, mainShare: isNumber })),
};

/**
 * Reads a run.
 *
 * @param text content of the file
 * @throws {RawDataError} if it is not the JSON of a run, or lacks a member
 */
export function readWholeRun(text: string): RunData {
  const data = readRawData(text);
  if (data.format !== "testperf run") {
    throw new RawDataError(
      "it is a sweep, and only results of single runs are added up (testperf NAME --json)",
    );
  }
  for (const [at, stage] of data.stages.entries()) {
    const wrong = stage.clients.length === data.settings.clients ? wrongMember(stage) : "clients";
    if (wrong === undefined) continue;
    throw new RawDataError(
      `it is damaged: stages[${at}].${wrong} is missing or has a wrong value`,
    );
  }
  return data;
}

function wrongMember(stage: StageData): string | undefined {
  const members: Readonly<Record<string, unknown>> = { ...stage };
  return Object.entries(STAGE).find(([name, check]) => !check(members[name]))?.[0];
}

function objectOf(shape: Shape): Check {
  return (value) =>
    isObject(value) && Object.entries(shape).every(([name, check]) => check(value[name]));
}

function recordOf(check: Check): Check {
  return (value) => isObject(value) && Object.values(value).every(check);
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
