/**
 * Which file is what in a data folder.
 *
 *     table.ckpt        the last checkpoint
 *     table.ckpt.new    one that is being written
 *     table.txn         the log since the checkpoint
 *     table.txn.N       a log that was begun for a checkpoint: it follows the ones with smaller numbers,
 *                       and becomes table.txn when the checkpoint is there
 *     table.txn.new     a log that is being begun: it gets its name when its header is on disk, so no
 *                       crash leaves a log without one
 *     table.torn.N      what was cut off a log's torn end
 *     foreign.N.NAME    a file that another program put in the place of NAME while a server ran
 *     table.repaired.N  the checkpoint that a repair has written. While it is there, it alone holds the
 *                       table. The repair renames table.ckpt and all logs to damaged.N.NAME, begins a
 *                       new log, and renames this file to table.ckpt. If the repair is interrupted, a
 *                       start or a second repair does the rest
 *     damaged.N.NAME    what a repair has replaced
 *     lock              held by the server that uses the folder
 *
 * A checkpoint is never alone: a log was on disk before it, and its header has that log's number
 * (`log_chain.ts`). A folder that holds none of these is a new table.
 */

export const CHECKPOINT = "table.ckpt";
export const NEW_CHECKPOINT = "table.ckpt.new";
export const LOG = "table.txn";
export const NEW_LOG = "table.txn.new";
export const LOCK = "lock";

/** Names of the logs in a folder, in the order in which they were begun. */
export function findLogNames(names: readonly string[]): string[] {
  return names.filter((name) => parseLogNumber(name) !== undefined)
    .sort((a, b) => (parseLogNumber(a) ?? 0) - (parseLogNumber(b) ?? 0));
}

/** A name for a log that follows all others. */
export function makeNextLogName(names: readonly string[]): string {
  const last = findLogNames(names).at(-1);
  return `${LOG}.${(last === undefined ? 0 : parseLogNumber(last) ?? 0) + 1}`;
}

/** A name for a torn end that no file has. */
export function makeTornName(names: readonly string[]): string {
  for (let number = 1;; number++) {
    const name = `table.torn.${number}`;
    if (!names.includes(name)) return name;
  }
}

/** A name that no file has for a file of another program. */
export function makeForeignName(name: string, names: readonly string[]): string {
  for (let number = 1;; number++) {
    const newName = `foreign.${number}.${name}`;
    if (!names.includes(newName)) return newName;
  }
}

/** The name under which a repair keeps a file that it has replaced. */
export function makeDamagedName(repair: number, name: string): string {
  return `damaged.${repair}.${name}`;
}

/** The name of the checkpoint that a repair has written. */
export function makeRepairedName(repair: number): string {
  return `table.repaired.${repair}`;
}

/** Finds the checkpoint of a repair that was not brought to its end. */
export function findRepairedName(names: readonly string[]): string | undefined {
  return names.find((name) => parseRepairNumber(name) !== undefined);
}

/** N for table.repaired.N. */
export function parseRepairNumber(name: string): number | undefined {
  const [, digits] = /^table\.repaired\.([1-9]\d*)$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Finds a file that is there only if a log or a checkpoint was. */
export function findRemainder(names: readonly string[]): string | undefined {
  return names.find((name) => /^(table\.(torn\.|ckpt\.new$)|damaged\.|foreign\.)/.test(name));
}

/** 0 for table.txn, N for table.txn.N. */
function parseLogNumber(name: string): number | undefined {
  if (name === LOG) return 0;
  const [, digits] = /^table\.txn\.([1-9]\d*)$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
