/** A portable executable as bytes: its header, and the files that it unpacks. */

/** The header of an executable, as text. */
export function headerOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes.subarray(0, indexOfPayload(bytes)));
}

/** The offset of the first gzip member. */
export function indexOfPayload(bytes: Uint8Array): number {
  return bytes.findIndex((byte, at) => byte === 0x1f && bytes[at + 1] === 0x8b);
}

/** The names of the files that an executable unpacks into its cache folder. */
export interface UnpackedNames {
  readonly program: string;
  readonly runtime: string;
}

/** Reads the names from the header of an executable. */
export async function unpackedNames(path: string): Promise<UnpackedNames> {
  const header = headerOf(await Deno.readFile(path));
  const value = (name: string): string => {
    const [, text] = new RegExp(`^${name}=(\\S+)$`, "m").exec(header) ?? [];
    if (text === undefined) throw new Error(`The header of ${path} has no ${name}`);
    return text;
  };
  return { program: value("program"), runtime: value("runtime") };
}

/** Reads the flags of `deno run` from the header of an executable, without those that depend on the shell. */
export async function runFlagsOf(path: string): Promise<string[]> {
  const header = headerOf(await Deno.readFile(path));
  const [, flags] = /exec "\$cache\/\$runtime" run (.*) "\$cache\/\$program"/.exec(header) ?? [];
  if (flags === undefined) throw new Error(`The header of ${path} starts nothing`);
  return flags.split(" ").filter((flag) => flag.startsWith("--"));
}

/** Lists the cache folder of executables, without the caches of Deno. */
export function filesInCache(cacheHome: string): string[] {
  return [...Deno.readDirSync(`${cacheHome}/htserver`)].map(({ name }) => name)
    .filter((name) => name !== "deno").sort();
}
