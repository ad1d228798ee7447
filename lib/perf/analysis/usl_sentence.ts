/** A fit of the Universal Scalability Law in plain English. */
import { MATERIAL_SHARE, median } from "./statistics.ts";
import { clientsListText, clientsText, opsText, type SweepStep } from "./sweep_step.ts";
import type { Estimate, UslFit } from "./usl_fit.ts";

/**
 * Maximum lack of fit by noise alone. If the law is true for the system, 5% of sweeps of 10 steps with
 * 3 repeats are above 2.5, and almost none is above 4.
 */
const ROUGH_LACK_OF_FIT = 4;

const LAW = "Universal Scalability Law";

/** Share of serial work from which one client alone uses the serial resource fully. */
const FULL_SHARE = 0.9;

/**
 * Describes the steps of the fit, the peak, the limit, and how well the law describes the data.
 *
 * @param measured all steps, also those that are not in the fit
 */
export function uslSentence(
  fit: Omit<UslFit, "sentence">,
  measured: readonly SweepStep[],
): string {
  const { leftOutClients, lackOfFit } = fit;
  const sentences = [peakSentence(fit), limitSentence(fit)];
  if (leftOutClients.length > 0) {
    sentences.unshift(
      `${riseText(measured, leftOutClients)}. The ${LAW} excludes that, so its fit leaves out the ${
        stepsText(leftOutClients)
      }.`,
    );
  }
  if (lackOfFit !== null && lackOfFit > ROUGH_LACK_OF_FIT) {
    sentences.push(
      `The law describes the data only roughly (lack of fit F = ${
        lackOfFit.toFixed(1)
      }): the residuals are more than noise, and the intervals show the noise only.`,
    );
  }
  return sentences.join(" ");
}

/** Describes why there is no fit; without a period. */
export function tooFewSentence(
  needed: number,
  measured: readonly SweepStep[],
  leftOutClients: readonly number[],
): string {
  const rule = `The ${LAW} needs ${needed} different numbers of clients`;
  if (leftOutClients.length === 0) return `${rule}: got ${measured.length}`;
  const left = measured.length - leftOutClients.length;
  return `${riseText(measured, leftOutClients)}. The ${LAW} excludes that, and without the ${
    stepsText(leftOutClients)
  } only ${left} step${left === 1 ? " is" : "s are"} left of the ${needed} that its fit needs`;
}

/** Describes the greatest rise of throughput per client that a step left out takes part in. */
function riseText(measured: readonly SweepStep[], leftOutClients: readonly number[]): string {
  const perClient = ({ clients, opsPerSecond }: SweepStep) => median(opsPerSecond) / clients;
  const [greatest] = measured.flatMap((before, at) =>
    measured.slice(at + 1)
      .filter((after) => [before, after].some(({ clients }) => leftOutClients.includes(clients)))
      .map((after) => ({ before, after, ratio: perClient(after) / perClient(before) }))
  ).toSorted((a, b) => b.ratio - a.ratio);
  if (greatest === undefined) return "";
  const { before, after } = greatest;
  return `Throughput per client is ${opsText(perClient(before))} with ${
    clientsText(before.clients)
  }, but ${opsText(perClient(after))} with ${clientsText(after.clients)}`;
}

/**
 * Finds the measured numbers of clients at the peak of a fit: one if the peak is nearest to it, two if
 * it is between them, none if it is beyond all.
 */
export function stepsAtPeak(
  clients: number,
  fit: Pick<UslFit, "residuals" | "leftOutClients">,
): readonly number[] {
  const measured = measuredClients(fit);
  const nearest = Math.round(clients);
  if (measured.includes(nearest)) return [nearest];
  const above = measured.findIndex((one) => one > clients);
  return above < 0 ? [] : measured.slice(Math.max(0, above - 1), above + 1);
}

function measuredClients(fit: Pick<UslFit, "residuals" | "leftOutClients">): number[] {
  return [...fit.residuals.map(({ clients }) => clients), ...fit.leftOutClients]
    .toSorted((a, b) => a - b);
}

/**
 * Formats the measured numbers of clients at a peak: "near 4 clients", "between 4 and 6 clients".
 *
 * @returns undefined if the peak is beyond them, or not certain
 */
function peakText(
  fit: Pick<UslFit, "peak" | "residuals" | "leftOutClients">,
): string | undefined {
  const [near, next] = fit.peak === null ? [] : stepsAtPeak(fit.peak.clients.value, fit);
  if (near === undefined) return undefined;
  return next === undefined
    ? `near ${clientsText(near)}`
    : `between ${near} and ${clientsText(next)}`;
}

function peakSentence(fit: Omit<UslFit, "sentence">): string {
  const { peak, leftOutClients } = fit;
  const subject = leftOutClients.length > 0 ? "The fit" : `The ${LAW}`;
  if (peak === null) return `${subject} has no certain peak: coherency may be 0.`;
  const place = peakText(fit);
  const measured = measuredClients(fit);
  const last = clientsText(measured.at(-1) ?? NaN);
  if (place === undefined) return `${subject} has its peak beyond the ${last} that were measured.`;
  const from = measured.findLast((one) => one <= peak.clients.low) ?? measured[0];
  const to = measured.find((one) => one >= peak.clients.high) ?? `more than ${last}`;
  return `${subject} has its peak ${place} (95%: ${from} to ${to}), with ${
    opsText(peak.opsPerSecond.value)
  }.`;
}

function limitSentence({ limit, sigma, leftOutClients }: Omit<UslFit, "sentence">): string {
  const { by, lostShare, contentionShare, coherencyShare } = limit;
  const at = `at ${clientsText(limit.atClients)}`;
  const isFull = leftOutClients.length === 0 && sigma.value >= FULL_SHARE;
  switch (by) {
    case "contention":
      return `By this law, contention limits throughput ${at}: waiting for what only one client can use at a time takes ${
        percent(contentionShare)
      } of the time, and coherency, a cost of each pair of clients, ${percent(coherencyShare)}.${
        isFull ? " One client alone uses that resource nearly all the time." : ""
      }`;
    case "coherency":
      return `By this law, coherency limits throughput ${at}: a cost of each pair of clients takes ${
        percent(coherencyShare)
      } of the time, and contention, waiting for what only one can use at a time, ${
        percent(contentionShare)
      }.`;
    case "neither":
      return `Throughput is proportional to the number of clients: contention and coherency together take less than ${
        100 * MATERIAL_SHARE
      }% of the time ${at}.`;
    case "undecided":
      return lostShare.low < MATERIAL_SHARE
        ? `The data does not decide whether contention or coherency limits throughput ${at}: together they take ${
          percent(lostShare)
        } of the time.`
        : `Contention and coherency together take ${
          percent(lostShare)
        } of the time ${at}, and the data does not decide which takes more.`;
  }
}

/** Lists steps: "step with 1 client", "steps with 1 and 2 clients". */
function stepsText(clients: readonly number[]): string {
  return `step${clients.length === 1 ? "" : "s"} with ${clientsListText(clients)}`;
}

function percent({ value, low, high }: Estimate): string {
  const digits = (share: number) => (100 * share).toFixed(0);
  return `${digits(value)}% (95%: ${digits(low)}% to ${digits(high)}%)`;
}
