/** Proves which steps are left out of a fit, because throughput per client rises. */
import assert from "assert";
import { superlinearClients } from "../../../lib/perf/analysis/superlinear.ts";
import type { SweepStep } from "../../../lib/perf/analysis/sweep_step.ts";
import { noisyRepeats } from "../normal_noise.ts";
import { randomFrom } from "../../../bench/harness/random.ts";
import { CLIENTS } from "./usl_steps.ts";
import { testsOf } from "../../helpers/pure.ts";

const test = testsOf("superlinear");

/** Makes steps with the given throughput per client; their repeats differ by 1%. */
function steps(...perClient: number[]): SweepStep[] {
  return perClient.map((each, at) => {
    const clients = CLIENTS[at] ?? NaN;
    return {
      clients,
      opsPerSecond: [0.99, 1.01, 1, 0.995, 1.008].map((one) => one * each * clients),
    };
  });
}

/** The throughput per client of steps, and the clients that are left out. */
const CASES = {
  "linear scaling": [[100, 100, 100, 100, 100], []],
  "contention": [[100, 90, 80, 70, 50], []],
  "a rise within noise": [[100, 100.5, 101, 101.5, 90], []],
  "a slow start": [[40, 80, 75, 60, 40], [1]],
  "two slow steps at the start": [[30, 60, 80, 75, 60], [1, 2]],
  "one high step in the middle": [[100, 90, 130, 70, 50], [3]],
  "one low step in the middle": [[100, 50, 80, 70, 50], [2]],
  "a start without throughput": [[0, 80, 75, 60, 40], [1]],
  "a rise without an end": [[10, 20, 30, 40, 50], [1, 2, 3, 4]],
  "no throughput": [[0, 0, 0], []],
} as const;

for (const [name, [perClient, expected]] of Object.entries(CASES)) {
  test(name, () => assert.deepEqual(superlinearClients(steps(...perClient)), expected));
}

test("without repeats the noise is unknown, and a rise by half counts", () => {
  const single = (...perClient: number[]) =>
    steps(...perClient).map((step) => ({ ...step, opsPerSecond: [step.opsPerSecond[2] ?? NaN] }));
  assert.deepEqual(superlinearClients(single(40, 80, 75, 60, 40)), [1]);
  assert.deepEqual(superlinearClients(single(60, 80, 75, 60, 40)), []);
});

test("no steps", () => assert.deepEqual(superlinearClients([]), []));

test("noise alone leaves a step out in about 3 of 100 sweeps; a slow start nearly always", () => {
  for (const [repeats, noise] of [[3, 0.05], [5, 0.05], [5, 0.15]] as const) {
    const wrong: number[] = [];
    const missed: number[] = [];
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomFrom(seed);
      const sweep = (rate: (clients: number) => number) =>
        CLIENTS.slice(0, 6).map((clients) => ({
          clients,
          opsPerSecond: noisyRepeats(rate(clients), noise, repeats, random),
        }));
      if (superlinearClients(sweep((clients) => 1_000 * clients)).length > 0) wrong.push(seed);
      const slow = sweep((clients) =>
        clients === 1 ? 450 : 1_000 * clients / (1 + 0.1 * (clients - 1))
      );
      if (superlinearClients(slow).join() !== "1") missed.push(seed);
    }
    const noisy = `noise ${noise}, ${repeats} repeats`;
    assert.ok(wrong.length <= 20, `${noisy}: left out by noise with seeds ${wrong}`);
    assert.ok(missed.length <= 15, `${noisy}: slow start kept with seeds ${missed}`);
  }
});
