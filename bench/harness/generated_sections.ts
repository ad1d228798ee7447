/** Sections of a document that a program writes, between marks. The text around them is written by hand. */

/** The lines around a section. */
export interface Marks {
  begin(name: string): string;
  end(name: string): string;
}

/** Marks that Markdown does not show. */
export const MARKDOWN_MARKS: Marks = {
  begin: (name) => `<!-- measured: ${name} -->`,
  end: (name) => `<!-- end: ${name} -->`,
};

/**
 * Replaces the content of a section.
 *
 * @param document contains the line that begins the section and, after it, the line that ends it
 * @param marks (default: those of Markdown)
 * @throws {Error} unless each mark is there once, in this order
 */
export function withSection(
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

/** The names of all sections, in their order. */
export function sectionNames(document: string, marks: Marks = MARKDOWN_MARKS): string[] {
  const [before = "", after = ""] = marks.begin("\n").split("\n");
  return document.split("\n").flatMap((line) =>
    line.startsWith(before) && line.endsWith(after)
      ? [line.slice(before.length, line.length - after.length)]
      : []
  );
}
