/**
 * The identity of a table. Every table has its own, kept in the first record of its files, so that a
 * client knows after a reconnect whether it has the same data before it.
 */

/** Makes an identity for a new table. All have the same length. */
export function createTableId(): string {
  return crypto.randomUUID();
}
