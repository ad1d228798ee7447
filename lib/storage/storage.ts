/** Where changes go besides the table in memory. The engine knows storage only by this interface. */
import type { JsonText } from "../protocol/message.ts";

/** A change that was made to the table; both kinds are absolute, so making one twice does no harm. */
export type Change =
  | { readonly method: "insert"; readonly key: string; readonly value: JsonText }
  | { readonly method: "remove"; readonly key: string };

/** Takes every change, in the order in which they are made. */
export interface Storage {
  /** What a crash may cost, in a word; shown by `info` and in the catalog. */
  readonly durability: string;
  append(change: Change): void;
}

/** Keeps nothing: the table ends with the process. */
export const memoryStorage: Storage = {
  durability: "memory",
  append() {},
};
