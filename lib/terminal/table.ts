/** A table that fits the width of a terminal. */

/** A column. */
export interface Column {
  /** Words, aligned to the left, instead of numbers. */
  readonly isText?: boolean;
  /** Heading that it shares with its neighbors; empty: none. */
  readonly group?: string;
  readonly heading: string;
  readonly cells: readonly string[];
  /** Whether a table that is too wide is without it. */
  readonly isOptional?: boolean;
}

/**
 * Formats a table, with two spaces between its columns. A table that is too wide has one space, and then
 * as few optional columns as needed, the last ones.
 *
 * @param width maximum characters per line
 */
export function table(columns: readonly Column[], width: number): string {
  const wide = tableLines(columns, 2);
  if (widthOf(wide) <= width) return wide.join("\n");
  const narrow = tableLines(columns, 1);
  const optional = columns.findIndex(({ isOptional }) => isOptional);
  if (widthOf(narrow) <= width || optional < 0) return narrow.join("\n");
  return table(columns.toSpliced(optional, 1), width);
}

function tableLines(columns: readonly Column[], gap: number): string[] {
  const between = " ".repeat(gap);
  const widths = columns.map(({ heading, cells }) => widthOf([heading, ...cells]));
  const groups = groupsOf(columns);
  const roomOf = ({ from, to }: Group) =>
    widths.slice(from, to).reduce((sum, width) => sum + width, gap * (to - from - 1));
  for (const group of groups) {
    const missing = group.name.length - roomOf(group);
    if (missing > 0) widths[group.from] = (widths[group.from] ?? 0) + missing;
  }
  const row = (texts: readonly string[]) =>
    texts.map((text, at) => {
      const width = widths[at] ?? 0;
      return columns[at]?.isText ? text.padEnd(width) : text.padStart(width);
    }).join(between).trimEnd();
  const lines = [row(columns.map(({ heading }) => heading))];
  if (groups.some(({ name }) => name !== "")) {
    const names = groups.map((group) => centered(group.name, roomOf(group)));
    lines.unshift(names.join(between).trimEnd());
  }
  for (let at = 0; columns.some(({ cells }) => at < cells.length); at++) {
    lines.push(row(columns.map(({ cells }) => cells[at] ?? "")));
  }
  return lines;
}

interface Group {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Neighbors with the same heading. */
function groupsOf(columns: readonly Column[]): Group[] {
  const groups: Group[] = [];
  for (const [at, { group = "" }] of columns.entries()) {
    const last = groups.at(-1);
    if (last?.name === group) groups.splice(-1, 1, { ...last, to: at + 1 });
    else groups.push({ name: group, from: at, to: at + 1 });
  }
  return groups;
}

/** A text between lines: `--- text ---`. */
function centered(text: string, width: number): string {
  if (text === "" || text.length + 4 > width) return text.padStart(width);
  const before = Math.floor((width - text.length - 2) / 2);
  return `${"-".repeat(before)} ${text} `.padEnd(width, "-");
}

function widthOf(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, length), 0);
}
