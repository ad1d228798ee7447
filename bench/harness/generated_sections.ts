/** Sections of Markdown that a program writes, between marks that Markdown does not show. */

const beginMark = (name: string) => `<!-- measured: ${name} -->`;
const endMark = (name: string) => `<!-- end: ${name} -->`;

/**
 * Replaces the content of a section.
 *
 * @param document contains the line that begins the section and, after it, the line that ends it
 * @throws {Error} unless each mark is there once, in this order
 */
export function withSection(document: string, name: string, content: string): string {
  const begin = beginMark(name);
  const end = endMark(name);
  const [before, afterBegin, ...moreBegins] = document.split(begin);
  const [, afterEnd, ...moreEnds] = afterBegin?.split(end) ?? [];
  if (afterEnd === undefined || moreBegins.length > 0 || moreEnds.length > 0) {
    throw new Error(`The document must have "${begin}" and, after it, "${end}", once each`);
  }
  return `${before}${begin}\n\n${content}\n\n${end}${afterEnd}`;
}

/**
 * Replaces sections of a file, and formats it.
 *
 * @param sections the contents by the names of the sections
 */
export async function writeSections(
  file: string,
  sections: Readonly<Record<string, string>>,
): Promise<void> {
  let document = await Deno.readTextFile(file);
  for (const [name, content] of Object.entries(sections)) {
    document = withSection(document, name, content);
  }
  await Deno.writeTextFile(file, document);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file] }).output();
}
