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
  { verdict, clients }: PlateauAnalysis,
  usl: UslResult,
): string {
  const highest = steps[highestIndex(steps)]?.clients;
  const peak = "why" in usl ? undefined : peakPlace(usl);
  if (clients === null || highest === undefined || verdict === "undecided") {
    return typeof peak === "object" ? "The steps alone do not show this peak." : "";
  }
  switch (verdict) {
    case "levels out":
      return onPlateau(clients, highest, peak);
    case "falls":
      return onFall(clients, highest, peak);
    case "still rises":
      return typeof peak === "object" && peak.from < clients
        ? "The fit only approximates the steps, and the last step counts: measure with more clients."
        : "";
  }
}

/** The measured numbers of clients next to a peak. */
type PeakPlace = { readonly from: number; readonly to: number } | "beyond" | "uncertain";

function peakPlace(fit: UslFit): PeakPlace {
  if (fit.peak === null) return "uncertain";
  const near = stepsAtPeak(fit.peak.clients.value, fit);
  const [from] = near;
  return from === undefined ? "beyond" : { from, to: near.at(-1) ?? from };
}

function onPlateau(clients: number, highest: number, peak: PeakPlace | undefined): string {
  const number = clientsText(clients);
  if (typeof peak === "object" && peak.to < clients) {
    return `The fit only approximates the steps: the number to use is that of the plateau, ${number}.`;
  }
  const isHigher = highest > clients;
  const isLater = typeof peak === "object" && peak.from > clients;
  if (!isHigher && !isLater && peak !== "beyond") return "";
  const others = [...(isHigher ? [highest] : []), ...(isLater ? [peak.from, peak.to] : [])];
  const names = [
    ...(isHigher ? ["the highest step"] : []),
    ...(isLater ? ["the peak of the fit"] : []),
  ];
  const addition = others.length === 0
    ? "more clients add to it"
    : `${clientsListText(sortedSet(others))} (${names.join(", ")}) add`;
  return `So ${number} ${
    clients === 1 ? "is" : "are"
  } enough: what ${addition} is no more than noise.`;
}

function sortedSet(clients: readonly number[]): number[] {
  return [...new Set(clients)].toSorted((a, b) => a - b);
}

function onFall(clients: number, highest: number, peak: PeakPlace | undefined): string {
  if (peak === "uncertain") {
    return "The measured fall is more than noise, although the fit of all steps has no certain peak.";
  }
  const isElsewhere = peak === "beyond" ||
    typeof peak === "object" && (peak.to < highest || peak.from > clients);
  return isElsewhere
    ? "The fit only approximates the steps, so the measured fall counts, not the peak."
    : "";
}
