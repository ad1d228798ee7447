/**
 * The least-squares solver of the Universal Scalability Law
 *
 *     X(N) = lambda * N / (1 + sigma * (N - 1) + kappa * N * (N - 1))
 *
 * with lambda > 0, 0 <= sigma <= 1 and kappa >= 0. All three are fitted to the throughputs themselves.
 * (A division by X(1) would add the error of that one measurement to every point.)
 *
 * The inverse of the law is linear in its parameters: N / X = a + b * (N - 1) + c * N * (N - 1) with
 * a = 1 / lambda, b = sigma / lambda, c = kappa / lambda. A weighted linear fit of the inverse gives
 * the start, and Levenberg and Marquardt's method the least squares of X itself. Bounds are exact, by
 * faces: the best point is inside, or on a face with some parameters at their bounds. Each face is the
 * same problem with fewer columns and no bounds. The best result within the bounds is the solution.
 */

/** The parameters of the law. */
export interface UslParameters {
  /** Throughput of one client, in operations a second. */
  readonly lambda: number;
  /** Contention: the share of the work that only one at a time can do, 0 to 1. */
  readonly sigma: number;
  /** Coherency: the cost of each pair of clients, as a share of the work of one client, from 0. */
  readonly kappa: number;
}

/** Computes the throughput by the law, in operations a second. */
export function uslThroughput({ lambda, sigma, kappa }: UslParameters, clients: number): number {
  return lambda * clients / (1 + sigma * (clients - 1) + kappa * clients * (clients - 1));
}

/** A column of the inverse law, as a function of the clients. */
type Column = (clients: number) => number;

const IDEAL: Column = () => 1;
const CONTENTION: Column = (clients) => clients - 1;
const COHERENCY: Column = (clients) => clients * (clients - 1);
/** Ideal and contention in one, for sigma = 1. */
const SERIAL: Column = (clients) => clients;

/** A face of the bounds: some parameters are free, the others at a bound. */
interface Face {
  readonly columns: readonly Column[];
  /** a, b and c of the inverse law. */
  readonly coefficients: (theta: readonly number[]) => readonly [number, number, number];
}

/** All faces; the first one is the inside. */
const FACES: readonly Face[] = [
  { columns: [IDEAL, CONTENTION, COHERENCY], coefficients: ([a = 0, b = 0, c = 0]) => [a, b, c] },
  { columns: [IDEAL, CONTENTION], coefficients: ([a = 0, b = 0]) => [a, b, 0] },
  { columns: [IDEAL, COHERENCY], coefficients: ([a = 0, c = 0]) => [a, 0, c] },
  { columns: [SERIAL, COHERENCY], coefficients: ([a = 0, c = 0]) => [a, a, c] },
  { columns: [IDEAL], coefficients: ([a = 0]) => [a, 0, 0] },
  { columns: [SERIAL], coefficients: ([a = 0]) => [a, a, 0] },
];

/** Maximum number of steps of the method; usually it takes about 5. */
const MAX_ITERATIONS = 200;

/** Length of a step, as a share of the parameters, that ends the method. */
const SMALLEST_STEP = 1e-13;

/** Fits the law to many sets of throughputs at the same numbers of clients, as a bootstrap needs. */
export class UslSolver {
  readonly #clients: readonly number[];
  readonly #weights: readonly number[];
  /** For each face: for each number of clients, its columns. */
  readonly #designs: readonly (readonly (readonly number[])[])[];

  /**
   * @param clients all different
   * @param weights number of repeats of each. Least squares of means, weighted by their counts, are
   *   the least squares of all repeats.
   */
  constructor(clients: readonly number[], weights: readonly number[]) {
    this.#clients = clients;
    this.#weights = weights;
    this.#designs = FACES.map(({ columns }) =>
      clients.map((count) => columns.map((column) => column(count)))
    );
  }

  /**
   * Finds the least squares within the bounds.
   *
   * @param means throughput at each number of clients, in operations a second, from 0
   * @returns undefined if all throughputs are 0
   */
  solve(means: readonly number[]): UslParameters | undefined {
    let best: { error: number; parameters: UslParameters } | undefined;
    for (const [place, { coefficients }] of FACES.entries()) {
      const solution = this.#leastSquares(this.#designs[place] ?? [], means);
      if (solution === undefined) continue;
      const [a, b, c] = coefficients(solution.theta);
      if (!(a > 0 && b >= 0 && b <= a && c >= 0)) continue;
      const parameters = { lambda: 1 / a, sigma: b / a, kappa: c / a };
      // If the best point is inside, the other faces cannot be better.
      if (place === 0) return parameters;
      if (best === undefined || solution.error < best.error) {
        best = { error: solution.error, parameters };
      }
    }
    return best?.parameters;
  }

  /** Levenberg and Marquardt's method, with columns scaled by their length, as Marquardt proposed. */
  #leastSquares(design: Design, means: readonly number[]): Solution | undefined {
    let current = this.#start(design, means);
    let damping = 1e-3;
    for (let i = 0; current !== undefined && i < MAX_ITERATIONS && damping < 1e12; i++) {
      const { theta } = current;
      const { matrix, vector } = this.#normalEquations(design, means, theta);
      const lengths = matrix.map((row, j) => Math.sqrt(row[j] ?? 0));
      const damped = matrix.map((row, j) =>
        row.map((one, k) => j === k ? one * (1 + damping) : one)
      );
      const step = solveSymmetric(damped, vector);
      if (step === undefined) return current;
      const next = this.#solution(design, means, theta.map((one, j) => one + (step[j] ?? 0)));
      const isSmall = lengthOf(step, lengths) <= SMALLEST_STEP * lengthOf(theta, lengths);
      if (next !== undefined && next.error <= current.error) {
        current = next;
        damping /= 10;
      } else damping *= 10;
      if (isSmall) break;
    }
    return current;
  }

  /** The linear fit of the inverse law; of its first column alone if a value would not be positive. */
  #start(design: Design, means: readonly number[]): Solution | undefined {
    // A small error of X is an error of N / X that is N / X^2 times as large: weights undo that.
    const rows = design.map((row, i) => {
      const factor = (means[i] ?? 0) ** 2 / (this.#clients[i] ?? 1);
      return row.map((one) => one * factor);
    });
    const [size = []] = design;
    const { matrix, vector } = this.#products(rows, means);
    const theta = solveSymmetric(matrix, vector);
    const start = theta === undefined ? undefined : this.#solution(design, means, theta);
    if (start !== undefined) return start;
    const only = (vector[0] ?? 0) / (matrix[0]?.[0] ?? 0);
    return this.#solution(design, means, size.map((_, j) => j === 0 ? only : 0));
  }

  /** The squared error of parameters; undefined if the law has no positive value with them. */
  #solution(
    design: Design,
    means: readonly number[],
    theta: readonly number[],
  ): Solution | undefined {
    let error = 0;
    for (const [i, row] of design.entries()) {
      const value = dot(row, theta);
      if (!(value > 0)) return undefined;
      const residual = (means[i] ?? 0) - (this.#clients[i] ?? 0) / value;
      error += (this.#weights[i] ?? 1) * residual ** 2;
    }
    return Number.isFinite(error) ? { theta, error } : undefined;
  }

  #normalEquations(design: Design, means: readonly number[], theta: readonly number[]): Equations {
    const residuals: number[] = [];
    const gradient = design.map((row, i) => {
      const value = dot(row, theta);
      const clients = this.#clients[i] ?? 0;
      residuals.push((means[i] ?? 0) - clients / value);
      return row.map((one) => -clients * one / value ** 2);
    });
    return this.#products(gradient, residuals);
  }

  /** The normal equations of `rows * x = target`: rows' * rows and rows' * target, weighted. */
  #products(rows: Design, target: readonly number[]): Equations {
    const size = rows[0]?.length ?? 0;
    const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    const vector = new Array<number>(size).fill(0);
    for (const [i, row] of rows.entries()) {
      const weight = this.#weights[i] ?? 1;
      for (let j = 0; j < size; j++) {
        const weighted = weight * (row[j] ?? 0);
        const matrixRow = matrix[j] ?? [];
        for (let k = 0; k < size; k++) {
          matrixRow[k] = (matrixRow[k] ?? 0) + weighted * (row[k] ?? 0);
        }
        vector[j] = (vector[j] ?? 0) + weighted * (target[i] ?? 0);
      }
    }
    return { matrix, vector };
  }
}

/** The values of the columns of a face, for each number of clients. */
type Design = readonly (readonly number[])[];

interface Equations {
  readonly matrix: readonly (readonly number[])[];
  readonly vector: readonly number[];
}

interface Solution {
  readonly theta: readonly number[];
  /** Sum of the squared residuals. */
  readonly error: number;
}

/**
 * Solves a symmetric positive definite system of at most three equations by elimination, after scaling
 * its diagonal to 1. Returns undefined if it has no unique solution.
 */
function solveSymmetric(
  matrix: readonly (readonly number[])[],
  vector: readonly number[],
): number[] | undefined {
  const scales = matrix.map((row, j) => Math.sqrt(row[j] ?? 0));
  const rows = matrix.map((row, j) => [
    ...row.map((one, k) => one / ((scales[j] ?? 0) * (scales[k] ?? 0))),
    (vector[j] ?? 0) / (scales[j] ?? 0),
  ]);
  for (const [j, pivotRow] of rows.entries()) {
    const pivot = pivotRow[j] ?? 0;
    // The rounding error of a column that depends on the others.
    if (!(pivot > 1e-14)) return undefined;
    for (const [k, row] of rows.entries()) {
      if (k === j) continue;
      const factor = (row[j] ?? 0) / pivot;
      for (const [column, one] of pivotRow.entries()) {
        row[column] = (row[column] ?? 0) - factor * one;
      }
    }
  }
  return rows.map((row, j) => (row[rows.length] ?? 0) / (row[j] ?? 1) / (scales[j] ?? 1));
}

function dot(left: readonly number[], right: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}

function lengthOf(values: readonly number[], scales: readonly number[]): number {
  return Math.hypot(...values.map((one, i) => one * (scales[i] ?? 0)));
}
