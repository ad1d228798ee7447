/**
 * The portable form of an executable, for machines without Deno's runtime part.
 *
 * A file has three parts: the header (a POSIX sh script, `portable_header.sh`), the compressed bundle of
 * the program, and the compressed Deno binary (both gzip). The header contains the offset of each part and the
 * SHA-256 digest of its content. The file contains no time and no path, so the same input gives the same
 * bytes.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Program, runtimeFlags } from "./programs.ts";

/** Level of gzip. Levels 1, 6 and 9 make 53, 43 and 41 MB in 0.7, 1.9 and 4.7 s. */
const GZIP_LEVEL = 6;

/** Characters of the digest in the name of an unpacked file. */
const DIGEST_CHARS = 16;

/** A compressed part of the file. */
export interface Part {
  readonly compressed: Uint8Array;
  /** SHA-256 of the content, in hexadecimal digits. */
  readonly digest: string;
}

/** Compresses a part. The Deno binary takes 2 s, so all programs share its part. */
export function compressPart(bytes: Uint8Array): Part {
  return {
    compressed: gzipSync(bytes, { level: GZIP_LEVEL }),
    digest: createHash("sha256").update(bytes).digest("hex"),
  };
}

/**
 * Joins the parts of a portable executable.
 *
 * @param template text of `portable_header.sh`
 * @param systemFacts text of `system_facts.sh`
 * @param version of the program
 */
export function portableExecutable(
  program: Program,
  template: string,
  systemFacts: string,
  version: string,
  bundle: Part,
  runtime: Part,
): Uint8Array<ArrayBuffer> {
  const header = headerText(template, {
    NAME: program.name,
    SYSTEM_FACTS: systemFacts,
    VERSION: version,
    DENO_VERSION: Deno.version.deno,
    TARGET: Deno.build.target,
    FLAGS: runFlags(program).join(" "),
    PROGRAM_FILE: `${program.name}-${version}-${bundle.digest.slice(0, DIGEST_CHARS)}.mjs`,
    RUNTIME_FILE: `deno-${Deno.version.deno}-${runtime.digest.slice(0, DIGEST_CHARS)}`,
    PROGRAM_DIGEST: bundle.digest,
    PROGRAM_BYTES: String(bundle.compressed.length),
    RUNTIME_DIGEST: runtime.digest,
    RUNTIME_BYTES: String(runtime.compressed.length),
  }, bundle.compressed.length);
  const file = new Uint8Array(
    header.length + bundle.compressed.length + runtime.compressed.length,
  );
  file.set(header);
  file.set(bundle.compressed, header.length);
  file.set(runtime.compressed, header.length + bundle.compressed.length);
  return file;
}

/** Flags of `deno run`. They turn off the search for other files. */
function runFlags(program: Program): string[] {
  return [
    ...runtimeFlags(program),
    ...["--cached-only", "--node-modules-dir=none"],
    // The shell expands this: $self is the path of the executable, or empty.
    ...(program.startsItself ? ['${self:+"--allow-run=$self"}'] : []),
  ];
}

/**
 * Fills in the header, in two passes: the offsets of the parts depend on its own length.
 *
 * @param programBytes length of the first part
 */
function headerText(
  template: string,
  values: Readonly<Record<string, string>>,
  programBytes: number,
): Uint8Array {
  const offsets = (headerBytes: number): Record<string, string> => ({
    // Of fixed width, so both passes have the same length.
    PROGRAM_AT: String(headerBytes + 1).padStart(9),
    RUNTIME_AT: String(headerBytes + programBytes + 1).padStart(9),
  });
  const fill = (headerBytes: number): Uint8Array => {
    const all: Record<string, string> = { ...values, ...offsets(headerBytes) };
    return new TextEncoder().encode(
      template.replace(/@([A-Z_]+)@/g, (_, name: string) => {
        const value = all[name];
        if (value === undefined) {
          throw new Error(`The header contains @${name}@, which has no value`);
        }
        return value;
      }),
    );
  };
  return fill(fill(0).length);
}
