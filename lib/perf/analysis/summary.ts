/**
 * The analysis of a sweep as one paragraph: the plateau, the Universal Scalability Law, and a conclusion
 * if they name different numbers of clients. Each is right by its own rule: the plateau begins at the
 * fewest clients that are enough, the highest step is above it by noise, and the peak is that of a fitted curve.
 */
import { highestIndex, type PlateauAnalysis } from "./plateau.ts";
import { clientsListText, clientsText, type SweepStep } from "./sweep_step.ts";
import type { UslFit } from "./usl_fit.ts";
import { stepsAtPeak } from "./usl_sentence.ts";

/** A fit, or the reason that there is none. */
export type UslResult = UslFit | { readonly why: string };

/**
 * Describes the whole analysis. Every number of clients in it is that of a step.
 *
 * @param steps that were analyzed
 */
export function summarize(
  steps: readonly SweepStep[],
  plateau: PlateauAnalysis,
  usl: UslResult,
): string {
  const law = "why" in usl ? `${usl.why}.` : usl.sentence;
  return `${plateau.sentence} ${law} ${conclusion(steps, plateau, usl)}`.trimEnd();
}

/** One sentence, or "". */
function conclusion(
  steps: readonly SweepStep[],
  { verdict, clients, enoughClients }: PlateauAnalysis,
  usl: UslResult,
): string {
  const peak = "why" in usl ? undefined : peakPlace(usl);
  const hasPeak = typeof peak === "object";
  if (clients === null) return hasPeak ? "The steps alone do not show this peak." : "";
  if (enoughClients === null) {
    return hasPeak && peak.from < clients
      ? "The fit only approximates the steps, and the last step counts: measure with more clients."
      : "";
  }
  if (verdict === "falls" && peak === "uncertain") {
    return "The measured fall is more than noise, although the fit has no certain peak.";
  }
  if (verdict === "falls" && (peak === "beyond" || hasPeak && peak.from > clients)) {
    return "The fit only approximates the steps: the measured fall counts, not the peak.";
  }
  if (hasPeak && peak.to < enoughClients) {
    return `The fit only approximates the steps: the plateau counts, not the peak, so the number to use is ${
      clientsText(enoughClients)
    }.`;
  }
  return enoughSentence(enoughClients, steps[highestIndex(steps)]?.clients ?? 0, peak);
}

/** The measured numbers of clients next to a peak. */
type PeakPlace = { readonly from: number; readonly to: number } | "beyond" | "uncertain";

function peakPlace(fit: UslFit): PeakPlace {
  if (fit.peak === null) return "uncertain";
  const near = stepsAtPeak(fit.peak.clients.value, fit);
  const [from] = near;
  return from === undefined ? "beyond" : { from, to: near.at(-1) ?? from };
}

/** "" if neither the highest step nor the peak has more clients. */
function enoughSentence(clients: number, highest: number, peak: PeakPlace | undefined): string {
  const isLater = typeof peak === "object" && peak.from > clients;
  const others = [
    ...(highest > clients ? [highest] : []),
    ...(isLater ? [peak.from, peak.to] : []),
  ];
  if (others.length === 0 && peak !== "beyond") return "";
  const reasons = [
    ...(highest > clients ? ["the highest step"] : []),
    ...(isLater ? ["the peak of the fit"] : []),
  ];
  const sorted = [...new Set(others)].toSorted((a, b) => a - b);
  const more = sorted.length === 0
    ? "more clients"
    : `${clientsListText(sorted)} (${reasons.join(", ")})`;
  return `So ${clientsText(clients)} ${
    clients === 1 ? "is" : "are"
  } enough: what ${more} add is no more than noise.`;
}
