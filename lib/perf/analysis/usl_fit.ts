/** The result of a fit of the Universal Scalability Law; plain data for JSON. */
import type { Interval } from "./statistics.ts";

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

/** The limit of throughput at the largest number of clients of the fit. */
export interface UslLimit {
  /**
   * The larger cost: "contention" (sigma) or "coherency" (kappa); "neither" if both together cost less
   * than 1% of the time, also at the high end of the interval; "undecided" if the data allows several.
   * "coherency" needs a measured fall of throughput: to this law, a sharp bend from a rise to a plateau,
   * as of a resource that is suddenly fully used, looks like coherency, too.
   */
  readonly by: "contention" | "coherency" | "neither" | "undecided";
  readonly atClients: number;
  /** Both costs together: share of each client's time, 0 to 1. */
  readonly lostShare: Estimate;
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
  /** One for each step of the fit. */
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
  /**
   * Numbers of clients that were measured and are not in the fit: with them, throughput per client
   * would rise with more clients, which the law excludes.
   */
  readonly leftOutClients: readonly number[];
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
