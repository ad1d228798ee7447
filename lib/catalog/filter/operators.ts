/** The binary operators of JX, with the results of cctools. */
import type { Scope } from "./scope.ts";
import { isArray, type Jx, JX_ERROR, jxEquals, kindOf, printDouble } from "./value.ts";

/** Applies a binary operator to two values. */
export function operate(operator: string, a: Jx, b: Jx, scope: Scope): Jx {
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA !== kindB) {
    if (kindA === "integer" && kindB === "double") return operate(operator, Number(a), b, scope);
    if (kindA === "double" && kindB === "integer") return operate(operator, a, Number(b), scope);
    if (operator === "==" || operator === "!=") return operator === "!=";
    if (operator !== "+" || (kindA !== "string" && kindB !== "string")) return JX_ERROR;
    const [textA, textB] = [toText(a), toText(b)];
    return textA === undefined || textB === undefined ? JX_ERROR : textA + textB;
  }
  if (operator === "==" || operator === "!=") {
    if (kindA === "object") return JX_ERROR;
    return jxEquals(a, b, (value) => scope.spendFor(value)) === (operator === "==");
  }
  if (typeof a === "boolean") {
    return operator === "and" ? a && b : operator === "or" ? a || b : JX_ERROR;
  }
  if (isArray(a) && isArray(b)) return operator === "+" ? [...a, ...b] : JX_ERROR;
  if (typeof a === "string" && typeof b === "string") {
    return operator === "+" ? a + b : compare(operator, scope.spendFor(a), b);
  }
  if (typeof a === "bigint" && typeof b === "bigint") return operateOnIntegers(operator, a, b);
  return typeof a === "number" && typeof b === "number"
    ? operateOnDoubles(operator, a, b)
    : JX_ERROR;
}

/** Converts a value that `+` appends to a text; undefined if it has no text. */
function toText(value: Jx): string | undefined {
  if (typeof value === "number") return printDouble(value);
  return ["string", "bigint", "boolean"].includes(typeof value) ? String(value) : undefined;
}

function compare<T extends string | number | bigint>(operator: string, a: T, b: T): Jx {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
  return JX_ERROR;
}

function operateOnIntegers(operator: string, a: bigint, b: bigint): Jx {
  switch (operator) {
    case "+":
      return BigInt.asIntN(64, a + b);
    case "-":
      return BigInt.asIntN(64, a - b);
    case "*":
      return BigInt.asIntN(64, a * b);
    case "/":
      return b === 0n ? JX_ERROR : BigInt.asIntN(64, a / b);
    case "%":
      return b === 0n ? JX_ERROR : a % b;
  }
  return compare(operator, a, b);
}

function operateOnDoubles(operator: string, a: number, b: number): Jx {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? JX_ERROR : a / b;
    case "%":
      // The remainder of the integer parts. The catalog of cctools crashes if the second one is 0.
      return Math.trunc(b) === 0 ? JX_ERROR : Math.trunc(a) % Math.trunc(b);
  }
  return compare(operator, a, b);
}
