/** The reader of the raw data of an earlier `--json`. It rejects other files with a reason. */
import { messageOf } from "../../base/errors.ts";
import { plainLine } from "../../base/quote.ts";
import { MIXED_STAGE, OPERATIONS } from "../workload/operation.ts";
import type { RawData } from "./series.ts";

/** The version of both formats that this program reads. */
const VERSION = 1;

const FORMATS = ["testperf run", "testperf sweep"] as const;

/** Reports print these names: a foreign file must not add others, which may control a terminal. */
const STAGES: readonly string[] = [...OPERATIONS, MIXED_STAGE];

/** The error of a file that is not raw data, or of an unknown version; the message is the reason. */
export class RawDataError extends Error {
  override name = "RawDataError";

  constructor(message: string) {
    // The message can contain parts of a foreign file.
    super(plainLine(message));
  }
}

/**
 * Reads raw data.
 *
 * @param text content of the file
 * @throws {RawDataError} if it is not the JSON of a run or a sweep, or has another version
 */
export function readRawData(text: string): RawData {
  const data = parseFields(text);
  const { format, version } = data;
  if (!FORMATS.some((known) => known === format)) {
    throw new RawDataError("it is not the output of testperf --json");
  }
  if (version !== VERSION) {
    throw new RawDataError(
      `it has version ${
        valueText(version)
      } of the format, and this testperf reads version ${VERSION}`,
    );
  }
  const problem = problemOf(data);
  if (problem !== undefined) {
    throw new RawDataError(`it is damaged: ${problem} is missing or has a wrong value`);
  }
  return data as unknown as RawData;
}

type Fields = Readonly<Record<string, unknown>>;

function parseFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RawDataError(
      text.trim() === "" ? "it is empty" : `it is not JSON (${messageOf(error)})`,
    );
  }
  if (!isObject(value)) throw new RawDataError("it is not the output of testperf --json");
  return value;
}

/** The settings that are compared. Any can be missing: earlier versions did not have all of them. */
const SETTINGS: Readonly<Record<string, (value: unknown) => boolean>> = {
  processes: isNumber,
  pipeline: isNumber,
  ops: isNumberOrNull,
  durationMs: isNumberOrNull,
  edgeMs: isNumber,
  warmupMs: isNumber,
  valueBytes: isNumber,
  keyBytes: isNumber,
  keys: isNumberOrNull,
  distribution: (value) => value === null || isDistribution(value),
  mix: (value) => value === null || isObject(value) && Object.values(value).every(isNumber),
  ratePerS: isNumberOrNull,
  verify: (value) => typeof value === "boolean",
};

/** Finds the first wrong member of those that `testperf` uses; returns its path. */
function problemOf(data: Fields): string | undefined {
  if (typeof data["target"] !== "string") return "target";
  if (typeof data["server"] !== "string") return "server";
  // Only a shared table has them.
  if (data["servers"] !== undefined && !areServers(data["servers"])) return "servers";
  // 8.64e15 ms is the maximum of a Date.
  if (!isNumber(data["startedUnixMs"]) || Number(data["startedUnixMs"]) > 8.64e15) {
    return "startedUnixMs";
  }
  // Earlier versions did not have it.
  if (!isNumberOrNull(data["others"] ?? null)) return "others";
  const settings = data["settings"];
  if (!isObject(settings)) return "settings";
  const wrong = Object.entries(SETTINGS).find(([name, isValid]) =>
    settings[name] !== undefined && !isValid(settings[name])
  );
  if (wrong !== undefined) return `settings.${wrong[0]}`;
  if (data["format"] === "testperf run") {
    if (!isCount(settings["clients"])) return "settings.clients";
    return stagesProblem(data["stages"], "stages");
  }
  if (!Array.isArray(data["steps"])) return "steps";
  for (const [at, step] of data["steps"].entries()) {
    if (!isObject(step) || !isCount(step["clients"])) return `steps[${at}].clients`;
    if (!Array.isArray(step["repeats"])) return `steps[${at}].repeats`;
    for (const [repeat, stages] of step["repeats"].entries()) {
      const problem = stagesProblem(stages, `steps[${at}].repeats[${repeat}]`);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function stagesProblem(stages: unknown, path: string): string | undefined {
  if (!Array.isArray(stages)) return path;
  for (const [at, stage] of stages.entries()) {
    const here = `${path}[${at}]`;
    if (!isObject(stage) || !STAGES.includes(String(stage["stage"]))) return `${here}.stage`;
    if (stage["loop"] !== "closed" && stage["loop"] !== "open") return `${here}.loop`;
    const clients = stage["clients"];
    if (!Array.isArray(clients)) return `${here}.clients`;
    const all: [string, unknown][] = clients.map((one, of) => [`clients[${of}]`, one]);
    for (const [name, client] of [["sum", stage["sum"]] as const, ...all]) {
      const problem = clientProblem(client);
      if (problem !== undefined) return `${here}.${name}${problem}`;
    }
  }
  return undefined;
}

function clientProblem(client: unknown): string | undefined {
  const problem = measuredProblem(client);
  if (problem !== undefined || !isObject(client)) return problem ?? "";
  const operations = client["operations"];
  if (!isObject(operations)) return ".operations";
  for (const [name, measured] of Object.entries(operations)) {
    if (!STAGES.includes(name)) return ".operations";
    const inner = measuredProblem(measured);
    if (inner !== undefined) return `.operations.${name}${inner}`;
  }
  return undefined;
}

function measuredProblem(measured: unknown): string | undefined {
  if (!isObject(measured)) return "";
  for (const name of ["ops", "seconds"]) {
    if (!isNumber(measured[name])) return `.${name}`;
  }
  const errors = measured["errors"];
  if (!isObject(errors) || !Object.values(errors).every(isNumber)) return ".errors";
  const latency = measured["latency"];
  if (!isObject(latency) || !isNumber(latency["p99Ms"])) return ".latency";
  return undefined;
}

/** Whether it is an object with members. */
export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether it is a number from 0, at most one with which sums and quotients stay finite. */
export function isNumber(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || isNumber(value);
}

function isDistribution(value: unknown): boolean {
  return isObject(value) &&
    (value["kind"] === "uniform" || value["kind"] === "zipf" && isNumber(value["theta"]));
}

function areServers(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((one) =>
      isObject(one) && typeof one["server"] === "string" && isNumber(one["clients"])
    );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/** Formats a value of a foreign file for a message. */
function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? "none";
  const plain = text.replace(/[^\x20-\x7e]/g, "?");
  return plain.length > 40 ? `${plain.slice(0, 40)}...` : plain;
}
