/** Whether two runs were made alike: otherwise their difference is not the server's alone. */
import { distributionText } from "../workload/key_distribution.ts";
import type { RunSettings } from "./run_data.ts";
import type { RawData } from "./series.ts";
import { OPERATIONS } from "../workload/operation.ts";

/** A setting in which two runs differ, in words. */
export interface SettingsDifference {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

type Texts = Readonly<Record<string, string>>;

/**
 * What differs, beside the numbers of clients, which are compared like with like, the seed, whose
 * choices are as good as any other's, and the server's port, which is another one after each start.
 *
 * @param before may lack members, where an earlier version did not know them: they do not count
 */
export function settingsDifferences(before: RawData, after: RawData): SettingsDifference[] {
  const [old, fresh] = [textsOf(before), textsOf(after)];
  return Object.entries(fresh).flatMap(([name, text]) => {
    const earlier = old[name];
    return earlier === undefined || earlier === text
      ? []
      : [{ name, before: earlier, after: text }];
  });
}

function textsOf({ server, settings }: RawData): Texts {
  // As they are in an older file, or one that somebody wrote.
  const known: Partial<RunSettings> = settings;
  const { processes, pipeline, ops, durationMs, warmupMs, valueBytes, keyBytes } = known;
  const { keys, distribution, mix, ratePerS, verify } = known;
  const texts: Readonly<Record<string, string | undefined>> = {
    "host of the server": server.replace(/:\d+$/, ""),
    processes: text(processes),
    // In an open loop nothing waits for replies.
    pipeline: ratePerS === null ? text(pipeline) : undefined,
    "operations of a stage": text(ops),
    "length of stages": durationMs === null ? "not set" : unit(durationMs, 1e-3, "s"),
    "warm-up": unit(warmupMs, 1e-3, "s"),
    "size of values": unit(valueBytes, 1, "bytes"),
    "size of keys": unit(keyBytes, 1, "bytes"),
    keys: text(keys),
    distribution: distribution ? distributionText(distribution) : text(distribution),
    mix: mix ? mixText(mix) : text(mix),
    rate: ratePerS === null ? "not set (closed loop)" : unit(ratePerS, 1, "requests/s"),
    "values checked": verify === undefined ? undefined : verify ? "yes" : "no",
  };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, one]) => one === undefined ? [] : [[name, one]]),
  );
}

function text(value: number | null | undefined): string | undefined {
  return value === null ? "not set" : value?.toString();
}

function unit(value: number | undefined, factor: number, name: string): string | undefined {
  return value === undefined ? undefined : `${value * factor} ${name}`;
}

function mixText(mix: NonNullable<RunSettings["mix"]>): string {
  return OPERATIONS.flatMap((name) => mix[name] === undefined ? [] : [`${name}=${mix[name]}`])
    .join(",");
}
