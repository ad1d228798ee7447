/** The scope of a JX expression: names with their values, and a limit of work (I5). */
import { isArray, type Jx, type JxObject } from "./value.ts";

/** Limit of work for one expression and one record: operations, elements, and units of text. */
const MAX_WORK = 10_000;

/** Characters of a text that count as one unit of work. */
const CHARS_PER_UNIT = 32;

/** The error of an evaluation over its limit of work. */
export class WorkLimitError extends Error {
  override name = "WorkLimitError";
}

/** The names that an expression can use, and the work that is left to it. */
export class Scope {
  readonly #members: JxObject;
  readonly #outer: Scope | undefined;
  #left = MAX_WORK;

  constructor(members: JxObject, outer?: Scope) {
    this.#members = members;
    this.#outer = outer;
  }

  /** Looks up a name; undefined if no scope has it. */
  lookUp(name: string): Jx | undefined {
    if (Object.hasOwn(this.#members, name)) return this.#members[name];
    return this.#outer?.lookUp(name);
  }

  /** Makes an inner scope, in which some names have other values. */
  with(members: JxObject): Scope {
    return new Scope(members, this);
  }

  /**
   * Counts operations, and elements that are created or compared.
   *
   * @throws {WorkLimitError}
   */
  spend(work: number): void {
    if (this.#outer) this.#outer.spend(work);
    else if ((this.#left -= work) < 0) throw new WorkLimitError();
  }

  /** Counts the length of a value that is created or read. */
  spendFor<T extends Jx>(value: T): T {
    if (typeof value === "string") this.spend(Math.ceil(value.length / CHARS_PER_UNIT));
    else if (isArray(value)) this.spend(value.length);
    return value;
  }
}

/** An expression, or a part of one. */
export interface Node {
  readonly evaluate: (scope: Scope) => Jx;
  /** The name, if the node is a name. */
  readonly symbol?: string;
  /** The value, if the node is a constant. */
  readonly constant?: Jx;
}
