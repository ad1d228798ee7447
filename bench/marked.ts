/** Parts of a document that a program writes, between marks; all around them is somebody's prose. */

/**
 * Rewrites one part.
 *
 * @param document Markdown with a line `<!-- measured: NAME -->` and, after it, `<!-- end: NAME -->`
 * @param name of the part
 * @param content what is to be between the marks
 * @throws {Error} where the marks are not there, once each and in this order
 */
export function withPart(document: string, name: string, content: string): string {
  const begin = `<!-- measured: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const [before, afterBegin, ...moreBegins] = document.split(begin);
  const [, afterEnd, ...moreEnds] = afterBegin?.split(end) ?? [];
  if (afterEnd === undefined || moreBegins.length > 0 || moreEnds.length > 0) {
    throw new Error(`The document must hold "${begin}" and, after it, "${end}", once each`);
  }
  return `${before}${begin}\n\n${content}\n\n${end}${afterEnd}`;
}
