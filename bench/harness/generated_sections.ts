/** Parts of a document that a program writes, between marks; all around them is somebody's prose. */

/** Lines that a part is between. */
export interface Marks {
  begin(name: string): string;
  end(name: string): string;
}

/** Marks that a reader of Markdown does not see. */
export const MARKDOWN_MARKS: Marks = {
  begin: (name) => `<!-- measured: ${name} -->`,
  end: (name) => `<!-- end: ${name} -->`,
};

/**
 * Rewrites one part.
 *
 * @param document with the line that begins the part and, after it, the line that ends it
 * @param name of the part
 * @param content what is to be between the marks
 * @param marks (default: those of Markdown)
 * @throws {Error} where the marks are not there, once each and in this order
 */
export function withPart(
  document: string,
  name: string,
  content: string,
  marks: Marks = MARKDOWN_MARKS,
): string {
  const begin = marks.begin(name);
  const end = marks.end(name);
  const [before, afterBegin, ...moreBegins] = document.split(begin);
  const [, afterEnd, ...moreEnds] = afterBegin?.split(end) ?? [];
  if (afterEnd === undefined || moreBegins.length > 0 || moreEnds.length > 0) {
    throw new Error(`The document must hold "${begin}" and, after it, "${end}", once each`);
  }
  return `${before}${begin}\n\n${content}\n\n${end}${afterEnd}`;
}

/** The names of all parts, in their order. */
export function partNames(document: string, marks: Marks = MARKDOWN_MARKS): string[] {
  const [before = "", after = ""] = marks.begin("\n").split("\n");
  return document.split("\n").flatMap((line) =>
    line.startsWith(before) && line.endsWith(after)
      ? [line.slice(before.length, line.length - after.length)]
      : []
  );
}

/** What is left of a document without its parts: the prose that somebody wrote. */
export function proseOf(document: string, marks: Marks = MARKDOWN_MARKS): string {
  return partNames(document, marks).reduce((text, name) => {
    const [before = "", rest = ""] = text.split(marks.begin(name));
    return before + (rest.split(marks.end(name))[1] ?? "");
  }, document);
}
