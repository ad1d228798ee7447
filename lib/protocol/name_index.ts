/** An index of a fixed list of names. It finds string literals without making a string of each one. */
import { stringEquals, unitAt } from "../json/string_equals.ts";

/** A list of names, indexed by their first characters. */
export class NameIndex {
  readonly #numbersByFirstUnit: (readonly number[])[] = [];

  constructor(readonly names: readonly string[]) {
    for (const [number, name] of names.entries()) {
      const first = name.charCodeAt(0);
      this.#numbersByFirstUnit[first] = [...this.#numbersByFirstUnit[first] ?? [], number];
    }
  }

  /** Number of the name that a literal has, with escapes or without; -1: it has another name. */
  find(bytes: Uint8Array, literalStart: number, literalEnd: number): number {
    const numbers = this.#numbersByFirstUnit[unitAt(bytes, literalStart + 1)];
    if (numbers === undefined) return -1;
    for (const number of numbers) {
      if (stringEquals(bytes, literalStart, literalEnd, this.names[number] ?? "")) return number;
    }
    return -1;
  }
}
