/** A fit of the Universal Scalability Law: as plain data, and in plain English. */
import type { Interval } from "./statistics.ts";
import { clientsText, opsText } from "./sweep_step.ts";

/** A value and where it is, as sure as `bootstrap.confidence` says. */
export interface Estimate extends Interval {
  readonly value: number;
}

/** A step beside the law. */
export interface UslResidual {
  readonly clients: number;
  /** Mean of the repeats. */
  readonly opsPerSecond: number;
  readonly fittedOpsPerSecond: number;
  /** Measured less fitted. */
  readonly residualOpsPerSecond: number;
}

/** Where the law has its highest throughput. */
export interface UslPeak {
  /** sqrt((1 - sigma) / kappa), at least 1; not rounded. */
  readonly clients: Estimate;
  readonly opsPerSecond: Estimate;
  /** Whether as many clients were measured; otherwise the peak is beyond what anybody saw. */
  readonly isWithinData: boolean;
}

/** What throughput is lost to, at the most clients measured. */
export interface UslLimit {
  /**
   * Which costs more: "contention" (sigma) or "coherency" (kappa); "neither" where both together
   * may cost less than 1%, "undecided" where the data allows either.
   */
  readonly by: "contention" | "coherency" | "neither" | "undecided";
  readonly atClients: number;
  /** Share of each client's time, 0 to 1. */
  readonly contentionShare: Estimate;
  /** Share of each client's time, 0 to 1. */
  readonly coherencyShare: Estimate;
}

/** A fit: plain data, fit for JSON. */
export interface UslFit {
  /** Throughput of one client, in operations a second. */
  readonly lambdaOpsPerSecond: Estimate;
  /** Contention, 0 to 1, without a unit. */
  readonly sigma: Estimate;
  /** Coherency, from 0, without a unit. */
  readonly kappa: Estimate;
  /**
   * Null where the interval of kappa reaches 0, so that over 2.5% of the resamples have no peak: then
   * the data shows none.
   */
  readonly peak: UslPeak | null;
  readonly limit: UslLimit;
  /** One for each step. */
  readonly residuals: readonly UslResidual[];
  /**
   * Share of the variance that the law explains; null where there is no variance. It describes, and
   * proves nothing: for a law that is not linear it is not the square of a correlation.
   */
  readonly rSquared: number | null;
  /**
   * The F of lack of fit: how the residuals of the steps' means compare with the noise of repeats.
   * About 1 where the law holds; far above it, the law is not all that happens, and the intervals
   * tell of the noise only. Null without noise to compare with.
   */
  readonly lackOfFit: number | null;
  readonly bootstrap: {
    readonly seed: number;
    readonly resamples: number;
    readonly confidence: number;
    /** What was drawn: repeats within each step, or residuals where a step has a single repeat. */
    readonly of: "repeats" | "residuals";
  };
  /** All of it in plain English. */
  readonly sentence: string;
}

/**
 * From here on the residuals are called more than noise: 5% of sweeps of 10 steps with 3 repeats are
 * above 2.5 though the law holds, and hardly one is above 4.
 */
const ROUGH_LACK_OF_FIT = 4;

/** Says where the peak is, what limits it, and how well the law describes the data. */
export function uslSentence(fit: Pick<UslFit, "peak" | "limit" | "lackOfFit">): string {
  const sentences = [peakSentence(fit.peak, fit.limit.atClients), limitSentence(fit.limit)];
  if (fit.lackOfFit !== null && fit.lackOfFit > ROUGH_LACK_OF_FIT) {
    sentences.push(
      `The law describes the data only roughly (lack of fit F = ${
        fit.lackOfFit.toFixed(1)
      }): the residuals are more than noise, and the intervals tell of the noise only.`,
    );
  }
  return sentences.join(" ");
}

function peakSentence(peak: UslPeak | null, most: number): string {
  if (peak === null) {
    return `The Universal Scalability Law has no peak within the data: coherency may be 0 (up to ${
      clientsText(most)
    } measured).`;
  }
  const where = `The Universal Scalability Law has its peak at ${
    clientsText(rounded(peak.clients.value))
  } (95%: ${rounded(peak.clients.low)} to ${rounded(peak.clients.high)}) with ${
    opsText(peak.opsPerSecond.value)
  }`;
  return peak.isWithinData
    ? `${where}.`
    : `${where}, beyond the ${clientsText(most)} that were measured.`;
}

function limitSentence({ by, atClients, contentionShare, coherencyShare }: UslLimit): string {
  const at = `at ${clientsText(atClients)}`;
  const shares = `contention takes ${percent(contentionShare)} of the time, coherency ${
    percent(coherencyShare)
  }`;
  switch (by) {
    case "contention":
      return `Contention limits throughput ${at}: ${shares}.`;
    case "coherency":
      return `Coherency limits throughput ${at}: ${shares}.`;
    case "neither":
      return `Neither contention nor coherency is seen to cost anything ${at}.`;
    case "undecided":
      return `The data does not decide between contention and coherency ${at}: ${shares}.`;
  }
}

/** Clients for people. */
function rounded(clients: number): number {
  return Math.round(clients);
}

function percent({ value, low, high }: Estimate): string {
  const digits = (share: number) => (100 * share).toFixed(0);
  return `${digits(value)}% (95%: ${digits(low)}% to ${digits(high)}%)`;
}
