/** The result of a fit of the Universal Scalability Law: plain data, and a sentence. */
import type { Interval } from "./statistics.ts";
import { clientsText, opsText } from "./sweep_step.ts";

/** A value and its interval, with `bootstrap.confidence`. */
export interface Estimate extends Interval {
  readonly value: number;
}

/** The difference of a step from the law. */
export interface UslResidual {
  readonly clients: number;
  /** Mean of the repeats. */
  readonly opsPerSecond: number;
  readonly fittedOpsPerSecond: number;
  /** Measured minus fitted. */
  readonly residualOpsPerSecond: number;
}

/** The highest throughput of the law. */
export interface UslPeak {
  /** sqrt((1 - sigma) / kappa), at least 1; not rounded. */
  readonly clients: Estimate;
  readonly opsPerSecond: Estimate;
  /** Whether this number of clients was measured; otherwise the peak is an extrapolation. */
  readonly isWithinData: boolean;
}

/** The limit of throughput at the largest measured number of clients. */
export interface UslLimit {
  /**
   * The larger cost: "contention" (sigma) or "coherency" (kappa); "neither" if both together may cost
   * less than 1%, "undecided" if the data allows either.
   */
  readonly by: "contention" | "coherency" | "neither" | "undecided";
  readonly atClients: number;
  /** Share of each client's time, 0 to 1. */
  readonly contentionShare: Estimate;
  /** Share of each client's time, 0 to 1. */
  readonly coherencyShare: Estimate;
}

/** A fit; plain data for JSON. */
export interface UslFit {
  /** Throughput of one client, in operations a second. */
  readonly lambdaOpsPerSecond: Estimate;
  /** Contention, 0 to 1, without a unit. */
  readonly sigma: Estimate;
  /** Coherency, from 0, without a unit. */
  readonly kappa: Estimate;
  /**
   * Null if the interval of kappa reaches 0: then more than 2.5% of the resamples have no peak, and the
   * data shows none.
   */
  readonly peak: UslPeak | null;
  readonly limit: UslLimit;
  /** One for each step. */
  readonly residuals: readonly UslResidual[];
  /**
   * Share of the variance that the law explains; null without variance. It describes, and proves
   * nothing: for a nonlinear law it is not the square of a correlation.
   */
  readonly rSquared: number | null;
  /**
   * The F of lack of fit: the residuals of the step means relative to the noise of repeats. It is about
   * 1 if the law is true for the system. Far above 1, the law describes only a part, and the intervals
   * show the noise only. Null without noise.
   */
  readonly lackOfFit: number | null;
  readonly bootstrap: {
    readonly seed: number;
    readonly resamples: number;
    readonly confidence: number;
    /** The values that were drawn: repeats of each step, or residuals if a step has a single repeat. */
    readonly of: "repeats" | "residuals";
  };
  /** The fit in plain English. */
  readonly sentence: string;
}

/**
 * Maximum lack of fit by noise alone. If the law is true for the system, 5% of sweeps of 10 steps with
 * 3 repeats are above 2.5, and almost none is above 4.
 */
const ROUGH_LACK_OF_FIT = 4;

/** Describes the peak, the limit, and how well the law describes the data. */
export function uslSentence(fit: Pick<UslFit, "peak" | "limit" | "lackOfFit">): string {
  const sentences = [peakSentence(fit.peak, fit.limit.atClients), limitSentence(fit.limit)];
  if (fit.lackOfFit !== null && fit.lackOfFit > ROUGH_LACK_OF_FIT) {
    sentences.push(
      `The law describes the data only roughly (lack of fit F = ${
        fit.lackOfFit.toFixed(1)
      }): the residuals are more than noise, and the intervals show the noise only.`,
    );
  }
  return sentences.join(" ");
}

function peakSentence(peak: UslPeak | null, maxClients: number): string {
  if (peak === null) {
    return `The Universal Scalability Law has no peak within the data: coherency may be 0 (up to ${
      clientsText(maxClients)
    } measured).`;
  }
  const peakText = `The Universal Scalability Law has its peak at ${
    clientsText(rounded(peak.clients.value))
  } (95%: ${rounded(peak.clients.low)} to ${rounded(peak.clients.high)}) with ${
    opsText(peak.opsPerSecond.value)
  }`;
  return peak.isWithinData
    ? `${peakText}.`
    : `${peakText}, beyond the ${clientsText(maxClients)} that were measured.`;
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
      return `Neither contention nor coherency has a visible cost ${at}.`;
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
