/** Files that other users of the machine can read or write: a warning, and the command that mends it. */
import { dirname } from "node:path";
import { printError } from "../terminal/stdout.ts";

/** What others may not do, as mode bits; and the change that takes it from them. */
const RULES = {
  /** A secret. A group may read it, such as that of a service. */
  secret: { bits: 0o026, mend: "600" },
  /** What is trusted, but no secret. */
  trusted: { bits: 0o022, mend: "go-w" },
  /** A folder of a table: a user who may enter it can read the files whose names are known. */
  table: { bits: 0o027, mend: "700" },
} as const;

const GROUP_WRITES = 0o020, OTHERS_READ = 0o005, OTHERS_WRITE = 0o002, STICKY = 0o1000;

/**
 * Warns if other users can read or write a file, or can put another one in its place.
 *
 * @param path of the file or folder; if it cannot be looked at there is no warning
 * @param what it is, as the beginning of a sentence
 * @param kind whether it is a secret, is only trusted, or is the folder of a table
 * @param warn takes each warning, one sentence
 */
export async function warnOfOthers(
  path: string,
  what: string,
  kind: keyof typeof RULES,
  warn: (sentence: string) => void,
): Promise<void> {
  const { bits, mend } = RULES[kind];
  const mode = await modeOf(path);
  if (mode & bits) warn(sentenceOf(`${what} '${path}'`, mode & bits, mode, mend, path));
  const folder = dirname(path);
  const folderMode = await modeOf(folder);
  // In a sticky folder, such as /tmp, others cannot rename what is not theirs.
  if ((folderMode & OTHERS_WRITE) && !(folderMode & STICKY)) {
    const subject = `The folder '${folder}', in which '${path}' can be replaced,`;
    warn(sentenceOf(subject, OTHERS_WRITE, folderMode, "o-w", folder));
  }
}

function sentenceOf(
  subject: string,
  found: number,
  mode: number,
  mend: string,
  path: string,
): string {
  const reads = found & OTHERS_READ ? ["read"] : [];
  const writes = found & (GROUP_WRITES | OTHERS_WRITE) ? ["written"] : [];
  const verbs = [...reads, ...writes].join(" and ");
  const octal = mode.toString(8).padStart(4, "0");
  return `${subject} can be ${verbs} by other users (mode ${octal}): chmod ${mend} ${
    shellWord(path)
  }`;
}

/** Prints a warning of a client. */
export function printWarning(sentence: string): void {
  printError(`warning: ${sentence}`);
}

/** The permission bits; 0 if they are not known. */
async function modeOf(path: string): Promise<number> {
  const mode = await Deno.stat(path).then((info) => info.mode, () => null);
  return (mode ?? 0) & 0o7777;
}

/** A path as one word of a shell's command line. */
function shellWord(path: string): string {
  const plain = path.startsWith("-") ? `./${path}` : path;
  return /^[\w./@:+=,-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", "'\\''")}'`;
}
