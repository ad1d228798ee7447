/**
 * Filters as cctools' programs ask them (`catalog_query --where`), as far as they are simple:
 *
 *     filter  = all { ("||" | "or") all }
 *     all     = one { ("&&" | "and") one }
 *     one     = ("!" | "not") one | value [ ("==" | "!=" | "<" | "<=" | ">" | ">=") value ]
 *     value   = string | number | "true" | "false" | "null" | MEMBER | "(" filter ")"
 *
 * A member that a record lacks makes a comparison false, and so do values of two kinds.
 */

/** Longest filter that is read, in characters. */
const MAX_FILTER_CHARS = 4_096;

/** Deepest nesting that is read: reading recurses. */
const MAX_FILTER_DEPTH = 64;

/** A record's members, parsed. */
export type Members = Readonly<Record<string, unknown>>;

type Expression = (members: Members) => unknown;

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(==|!=|<=|>=|&&|\|\||[<>!()]))/y;

/**
 * Reads a filter.
 *
 * @returns what tells whether a record passes, or undefined where the text is beyond these rules
 */
export function parseFilter(text: string): ((members: Members) => boolean) | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  try {
    const filter = new FilterParser(tokens).whole();
    return (members) => filter(members) === true;
  } catch (error) {
    if (error instanceof NotSimple) return undefined;
    throw error;
  }
}

class NotSimple extends Error {}

function tokensOf(text: string): string[] | undefined {
  const trimmed = text.trim();
  if (trimmed.length > MAX_FILTER_CHARS) return undefined;
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const found = TOKEN.exec(trimmed);
    if (!found) return undefined;
    tokens.push(found[0].trim());
  }
  return tokens;
}

class FilterParser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const filter = this.#any();
    if (this.#at < this.#tokens.length) throw new NotSimple();
    return filter;
  }

  #take(...wanted: string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #any(): Expression {
    const parts = [this.#all()];
    while (this.#take("||", "or")) parts.push(this.#all());
    const [only] = parts;
    if (parts.length === 1 && only) return only;
    return (members) => parts.some((part) => part(members) === true);
  }

  #all(): Expression {
    const parts = [this.#one()];
    while (this.#take("&&", "and")) parts.push(this.#one());
    const [only] = parts;
    if (parts.length === 1 && only) return only;
    return (members) => parts.every((part) => part(members) === true);
  }

  #one(): Expression {
    if (++this.#depth > MAX_FILTER_DEPTH) throw new NotSimple();
    try {
      if (this.#take("!", "not")) {
        const inner = this.#one();
        return (members) => inner(members) === false;
      }
      const left = this.#value();
      const operator = this.#take("==", "!=", "<", "<=", ">", ">=");
      return operator ? comparison(operator, left, this.#value()) : left;
    } finally {
      this.#depth--;
    }
  }

  #value(): Expression {
    if (this.#take("(")) {
      const inner = this.#any();
      if (!this.#take(")")) throw new NotSimple();
      return inner;
    }
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new NotSimple();
    if (/^(["\d-]|(true|false|null)$)/.test(token)) return constant(token);
    if (!/^\w+$/.test(token) || ["and", "or", "not"].includes(token)) throw new NotSimple();
    return (members) => Object.hasOwn(members, token) ? members[token] : undefined;
  }
}

function constant(json: string): Expression {
  try {
    const value: unknown = JSON.parse(json);
    return () => value;
  } catch {
    throw new NotSimple();
  }
}

function comparison(operator: string, left: Expression, right: Expression): Expression {
  return (members) => {
    const a = left(members);
    const b = right(members);
    if (operator === "==") return a !== undefined && a === b;
    if (operator === "!=") return a !== undefined && b !== undefined && a !== b;
    const ordered = (typeof a === "number" && typeof b === "number") ||
      (typeof a === "string" && typeof b === "string");
    if (!ordered) return false;
    if (operator === "<") return a < b;
    if (operator === "<=") return a <= b;
    return operator === ">" ? a > b : a >= b;
  };
}
