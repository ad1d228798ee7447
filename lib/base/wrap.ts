/** Lines of text that fit a width. */

/**
 * Breaks text into lines between words, so that the terminal does not break them inside of words. A word
 * that is longer than the width, such as a path, stays whole.
 *
 * @param text each of its lines is broken on its own
 * @param width characters per line
 * @param indent start of each further line of a broken line (default: none)
 */
export function wrap(text: string, width: number, indent = ""): string {
  return text.split("\n").map((line) => wrapLine(line, width, indent)).join("\n");
}

function wrapLine(line: string, width: number, indent: string): string {
  if (line.length <= width) return line;
  const [first = "", ...words] = line.split(/(?<=\S) +/);
  const lines = [first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length <= width) lines.splice(-1, 1, longer);
    else lines.push(indent + word);
  }
  return lines.join("\n");
}
