/**
 * The names of the files in a data folder. N is a decimal number from 1, without leading zeros.
 *
 *     table.ckpt        the last checkpoint
 *     table.ckpt.new    an unfinished checkpoint
 *     table.txn         the log since the checkpoint
 *     table.txn.N       a log that was started for a checkpoint; it follows the logs with smaller numbers
 *     table.txn.new     a log whose header is not on disk yet
 *     table.torn.N      a copy of a torn tail that was cut off
 *     foreign.N.NAME    a file that another program put in the place of NAME while a server ran
 *     table.repaired.N  the checkpoint of an unfinished repair; it alone holds the table
 *     damaged.N.NAME    a file that a repair has replaced
 *     lock              locked by the server that uses the folder
 *
 * Every other name is ignored. A folder without any of these files is a new table. A checkpoint is never
 * alone: a log was on disk before it, and its header has the number of that log (`log_chain.ts`).
 * docs/FILE_FORMAT.md describes the use of each file at a start.
 */

export const CHECKPOINT = "table.ckpt";
export const NEW_CHECKPOINT = "table.ckpt.new";
export const LOG = "table.txn";
export const NEW_LOG = "table.txn.new";
export const LOCK = "lock";

/** Finds the names of logs, in the order in which the logs were started. */
export function findLogNames(names: readonly string[]): string[] {
  return names.filter((name) => parseLogNumber(name) !== undefined)
    .sort((a, b) => (parseLogNumber(a) ?? 0) - (parseLogNumber(b) ?? 0));
}

/** Makes a name for a log that follows all others. */
export function makeNextLogName(names: readonly string[]): string {
  const last = findLogNames(names).at(-1);
  return `${LOG}.${(last === undefined ? 0 : parseLogNumber(last) ?? 0) + 1}`;
}

/** Makes an unused name for a copy of a torn tail. */
export function makeTornName(names: readonly string[]): string {
  return findUnused(names, (number) => `table.torn.${number}`);
}

/** Makes an unused name for a file of another program. */
export function makeForeignName(name: string, names: readonly string[]): string {
  return findUnused(names, (number) => `foreign.${number}.${name}`);
}

function findUnused(names: readonly string[], makeName: (number: number) => string): string {
  let number = 1;
  while (names.includes(makeName(number))) number++;
  return makeName(number);
}

/** Makes the name under which a repair keeps a file that it replaces. */
export function makeDamagedName(repair: number, name: string): string {
  return `damaged.${repair}.${name}`;
}

/** Makes the name of a repair's checkpoint. */
export function makeRepairedName(repair: number): string {
  return `table.repaired.${repair}`;
}

/** Finds the checkpoint of an unfinished repair. */
export function findRepairedName(names: readonly string[]): string | undefined {
  return names.find((name) => parseRepairNumber(name) !== undefined);
}

/** Parses N of table.repaired.N. */
export function parseRepairNumber(name: string): number | undefined {
  const [, digits] = /^table\.repaired\.([1-9]\d*)$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Finds a file that proves that the folder had a log or a checkpoint. */
export function findRemainder(names: readonly string[]): string | undefined {
  return names.find((name) => /^(table\.(torn\.|ckpt\.new$)|damaged\.|foreign\.)/.test(name));
}

/** Parses the number in a log's name: 0 for table.txn, N for table.txn.N. */
function parseLogNumber(name: string): number | undefined {
  if (name === LOG) return 0;
  const [, digits] = /^table\.txn\.([1-9]\d*)$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
