/** The differences of the settings of two runs: with any, the server is not the only cause of changes. */
import { distributionText } from "../workload/key_distribution.ts";
import type { RunSettings } from "./run_data.ts";
import type { RawData } from "./series.ts";
import { OPERATIONS } from "../workload/operation.ts";

/** A setting with different values, in words. */
export interface SettingsDifference {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

type Texts = Readonly<Record<string, string>>;

/**
 * Finds the settings that differ. Three do not count: the number of clients, because only equal numbers
 * are compared; the seed, because all choices are equivalent; and the port of the server, because each
 * start has another one.
 *
 * @param before settings that its version did not have do not count, either
 */
export function settingsDifferences(before: RawData, after: RawData): SettingsDifference[] {
  const [oldTexts, newTexts] = [textsOf(before), textsOf(after)];
  return Object.entries(newTexts).flatMap(([name, text]) => {
    const earlier = oldTexts[name];
    return earlier === undefined || earlier === text
      ? []
      : [{ name, before: earlier, after: text }];
  });
}

function textsOf({ server, servers = [{ server, clients: 0 }], settings }: RawData): Texts {
  // Older files lack some members.
  const known: Partial<RunSettings> = settings;
  const { processes, pipeline, ops, durationMs, warmupMs, valueBytes, keyBytes } = known;
  const { keys, distribution, mix, ratePerS, verify } = known;
  const texts: Readonly<Record<string, string | undefined>> = {
    "host of the server": [...new Set(servers.map(({ server }) => server.replace(/:\d+$/, "")))]
      .sort().join(" "),
    processes: text(processes),
    // An open loop does not wait for replies.
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
