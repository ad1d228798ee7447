/**
 * The identity of a table. It is in the first record of each of its files, so that a client notices after
 * a reconnect if the server has another table.
 */

/** Creates an identity for a new table. All have the same length. */
export function createTableId(): string {
  return crypto.randomUUID();
}
