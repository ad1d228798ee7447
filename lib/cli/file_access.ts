/** The check of file modes: a warning if other users can read or write a file, with the repair. */
import { dirname } from "node:path";
import { printError } from "../terminal/stdout.ts";

/** The mode bits that other users must not have, and the argument of `chmod` that removes them. */
const RULES = {
  /** A secret. A group, such as that of a service, may read it. */
  secret: { bits: 0o026, repair: "600" },
  /** Trusted, but no secret. */
  trusted: { bits: 0o022, repair: "go-w" },
  /** The folder of a table. A user who may enter it can read its files, because their names are known. */
  table: { bits: 0o027, repair: "700" },
} as const;

const GROUP_WRITES = 0o020, OTHERS_READ = 0o005, OTHERS_WRITE = 0o002, STICKY = 0o1000;

/**
 * Warns if other users can read or write a file, or can replace it by another one.
 *
 * @param path of the file or folder; if its mode cannot be read, no warning is sent
 * @param subject the beginning of a sentence, such as `The token in`
 * @param kind selects the rule
 * @param warn receives each warning, one sentence
 */
export async function warnAboutFileAccess(
  path: string,
  subject: string,
  kind: keyof typeof RULES,
  warn: (sentence: string) => void,
): Promise<void> {
  const { bits, repair } = RULES[kind];
  const mode = await modeOf(path);
  if (mode & bits) warn(sentenceOf(`${subject} '${path}'`, mode & bits, mode, repair, path));
  const folder = dirname(path);
  const folderMode = await modeOf(folder);
  // In a sticky folder, such as /tmp, users cannot rename the files of other users.
  if ((folderMode & OTHERS_WRITE) && !(folderMode & STICKY)) {
    const replaceable = `The folder '${folder}', in which '${path}' can be replaced,`;
    warn(sentenceOf(replaceable, OTHERS_WRITE, folderMode, "o-w", folder));
  }
}

function sentenceOf(
  subject: string,
  badBits: number,
  mode: number,
  repair: string,
  path: string,
): string {
  const reads = badBits & OTHERS_READ ? ["read"] : [];
  const writes = badBits & (GROUP_WRITES | OTHERS_WRITE) ? ["written"] : [];
  const verbs = [...reads, ...writes].join(" and ");
  const octal = mode.toString(8).padStart(4, "0");
  return `${subject} can be ${verbs} by other users (mode ${octal}): chmod ${repair} ${
    shellWord(path)
  }`;
}

/** Prints a warning of a client program. */
export function printWarning(sentence: string): void {
  printError(`warning: ${sentence}`);
}

/** The permission bits; 0 if they are unknown. */
async function modeOf(path: string): Promise<number> {
  const mode = await Deno.stat(path).then((info) => info.mode, () => null);
  return (mode ?? 0) & 0o7777;
}

/** Quotes a path as one word of a shell's command line. */
function shellWord(path: string): string {
  const plain = path.startsWith("-") ? `./${path}` : path;
  return /^[\w./@:+=,-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
}
