/**
 * The parser of JX, the language in which the programs of cctools filter records
 * (`catalog_query --where`). It accepts the same texts as the parser of cctools:
 *
 *     expression = binary [ ";" ]                   the text after it is ignored
 *     binary     = unary operators unary ...        from tight to loose: * / %, + -, comparisons,
 *                                                   or, and; all group to the right
 *     unary      = ("+" | "-" | "!" | "not") unary | "error" "(" postfix ")" | postfix
 *     postfix    = atom { "[" index "]" | "(" items ")" }
 *     atom       = string | number | true | false | null | name | "(" expression ")"
 *                | "[" items "]" | "{" pairs "}"
 *     items      = { expression { "for" name "in" expression [ "if" expression ] } "," }
 *     index      = expression | [ expression ] ":" [ expression ]
 *
 * `or` binds tighter than `and`, and `a - b - c` is `a - (b - c)`, so that a filter has the same meaning
 * in both programs.
 */
import { JxLexer, JxSyntaxError, type Token } from "./lexer.ts";
import {
  binaryOf,
  callOf,
  constantOf,
  ERROR_NODE,
  type Item,
  itemsOf,
  lookupOf,
  type Loop,
  objectOf,
  type Slice,
  symbolOf,
  unaryOf,
} from "./evaluator.ts";
import type { Node } from "./scope.ts";

/** Deepest nesting: the parser and the evaluation are recursive. */
const MAX_DEPTH = 64;

/** Operators by precedence, the tightest row first. */
const PRECEDENCE: readonly (readonly string[])[] = [
  [],
  ["*", "/", "%"],
  ["+", "-"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["or"],
  ["and"],
];

/** The error of a missing expression; a list or an object also ends at it. */
class MissingExpression extends JxSyntaxError {}

/**
 * Parses an expression.
 *
 * @throws {JxSyntaxError} if the text is not an expression, or has too many levels
 */
export function parseExpression(text: string): Node {
  return new Parser(new JxLexer(text)).expression();
}

class Parser {
  readonly #lexer: JxLexer;
  #depth = 0;

  constructor(lexer: JxLexer) {
    this.#lexer = lexer;
  }

  expression(): Node {
    if (++this.#depth > MAX_DEPTH) throw new JxSyntaxError("it is nested too deeply");
    const node = this.#binary(PRECEDENCE.length - 1);
    this.#accept(";");
    this.#depth--;
    return node;
  }

  #binary(level: number): Node {
    const operand = () => level === 0 ? this.#unary() : this.#binary(level - 1);
    const operators: string[] = [];
    const operands = [operand()];
    for (;;) {
      const operator = this.#peekWord();
      if (operator === undefined || !PRECEDENCE[level]?.includes(operator)) break;
      this.#lexer.next();
      operators.push(operator);
      operands.push(operand());
    }
    return operands.reduceRight((right, left, at) => binaryOf(operators[at] ?? "", left, right));
  }

  #unary(): Node {
    const operator = ["+", "-", "not"].find((one) => this.#accept(one));
    if (operator !== undefined) {
      if (++this.#depth > MAX_DEPTH) throw new JxSyntaxError("it is nested too deeply");
      const node = unaryOf(operator, this.#unary());
      this.#depth--;
      return node;
    }
    if (!this.#accept("error")) return this.#postfix();
    this.#expect("(");
    this.#postfix();
    this.#expect(")");
    return ERROR_NODE;
  }

  #postfix(): Node {
    let node = this.#atom();
    for (;;) {
      if (this.#accept("[")) {
        node = lookupOf(node, this.#index());
        this.#expect("]");
      } else if (this.#accept("(")) {
        if (node.symbol === undefined) throw new JxSyntaxError("only a name can be called");
        node = callOf(node.symbol, this.#items(")"));
      } else return node;
    }
  }

  #index(): Node | Slice {
    const from = this.#isNext(":") ? undefined : this.expression();
    if (from && !this.#isNext(":")) return from;
    this.#expect(":");
    return { from, to: this.#isNext("]") ? undefined : this.expression() };
  }

  #atom(): Node {
    const token = this.#lexer.next();
    if ("value" in token) return constantOf(token.value);
    if ("name" in token) return symbolOf(token.name);
    switch (token.word) {
      case "(": {
        const inner = this.expression();
        this.#expect(")");
        return inner;
      }
      case "[":
        return itemsOf(this.#items("]"));
      case "{":
        return objectOf(this.#pairs());
    }
    if (token.word === "" || token.word === ")") {
      throw new MissingExpression("an expression is missing");
    }
    throw new JxSyntaxError(`unexpected ${token.word}`);
  }

  #items(close: string): Item[] {
    const items: Item[] = [];
    while (!this.#accept(close)) {
      const value = this.#optional();
      if (!value) break;
      items.push({ value, loops: this.#loops() });
      if (this.#accept(close)) break;
      this.#expect(",");
    }
    return items;
  }

  #loops(): Loop[] {
    const loops: Loop[] = [];
    while (this.#accept("for")) {
      const token = this.#lexer.next();
      if (!("name" in token)) throw new JxSyntaxError("a name must follow for");
      this.#expect("in");
      const elements = this.#required();
      const condition = this.#accept("if") ? this.#required() : undefined;
      loops.push({ variable: token.name, elements, condition });
    }
    return loops;
  }

  #pairs(): [Node, Node][] {
    const pairs: [Node, Node][] = [];
    while (!this.#accept("}")) {
      const name = this.#optional();
      if (!name) break;
      this.#expect(":");
      const value = this.#optional();
      if (!value) break;
      pairs.push([name, value]);
      if (this.#accept("}")) break;
      this.#expect(",");
    }
    return pairs;
  }

  #optional(): Node | undefined {
    const depth = this.#depth;
    try {
      return this.expression();
    } catch (error) {
      if (!(error instanceof MissingExpression)) throw error;
      this.#depth = depth;
      return undefined;
    }
  }

  #required(): Node {
    const node = this.#optional();
    if (!node) throw new JxSyntaxError("a loop needs elements");
    return node;
  }

  #peekWord(): string | undefined {
    const token: Token = this.#lexer.peek();
    return "word" in token ? token.word : undefined;
  }

  #isNext(word: string): boolean {
    return this.#peekWord() === word;
  }

  #accept(word: string): boolean {
    const isNext = this.#isNext(word);
    if (isNext) this.#lexer.next();
    return isNext;
  }

  #expect(word: string): void {
    if (!this.#accept(word)) throw new JxSyntaxError(`${word} is missing`);
  }
}
