/** A fit of the Universal Scalability Law in plain English. */
import { clientsText, opsText } from "./sweep_step.ts";
import type { Estimate, UslFit, UslLimit, UslPeak } from "./usl.ts";

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
