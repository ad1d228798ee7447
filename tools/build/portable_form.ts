/**
 * The portable form of an executable, for machines where `deno compile` finds no runtime.
 *
 * One file: the header (a POSIX sh script, `portable_header.sh`), the gzipped program, the
 * gzipped Deno binary. The header knows where each part begins and the SHA-256 digest of what
 * it unpacks to. Nothing else is in it: no time, no path, so the same input gives the same file.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Program, runtimeFlags } from "./programs.ts";

/** Level 9 takes 2.5 times as long and saves 3 % (levels 1, 6, 9: 53, 43, 41 MB in 0.7, 1.9, 4.7 s). */
const GZIP_LEVEL = 6;

/** Characters of a digest in the name of an unpacked file. */
const DIGEST_CHARS = 16;

/** A part of the file: compressed, and known by what it unpacks to. */
export interface Part {
  readonly compressed: Uint8Array;
  /** SHA-256 of what it unpacks to, in hexadecimal digits. */
  readonly digest: string;
}

/** Compresses a part; for the Deno binary that takes seconds, so do it once for all programs. */
export function part(bytes: Uint8Array): Part {
  return {
    compressed: gzipSync(bytes, { level: GZIP_LEVEL }),
    digest: createHash("sha256").update(bytes).digest("hex"),
  };
}

/**
 * Puts a portable executable together.
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
  bundled: Part,
  runtime: Part,
): Uint8Array<ArrayBuffer> {
  const header = headerText(template, {
    NAME: program.name,
    SYSTEM_FACTS: systemFacts,
    VERSION: version,
    DENO_VERSION: Deno.version.deno,
    TARGET: Deno.build.target,
    FLAGS: runFlags(program).join(" "),
    PROGRAM_FILE: `${program.name}-${version}-${bundled.digest.slice(0, DIGEST_CHARS)}.mjs`,
    RUNTIME_FILE: `deno-${Deno.version.deno}-${runtime.digest.slice(0, DIGEST_CHARS)}`,
    PROGRAM_DIGEST: bundled.digest,
    PROGRAM_BYTES: String(bundled.compressed.length),
    RUNTIME_DIGEST: runtime.digest,
    RUNTIME_BYTES: String(runtime.compressed.length),
  }, bundled.compressed.length);
  const file = new Uint8Array(
    header.length + bundled.compressed.length + runtime.compressed.length,
  );
  file.set(header);
  file.set(bundled.compressed, header.length);
  file.set(runtime.compressed, header.length + bundled.compressed.length);
  return file;
}

/** Flags of `deno run`; all that it could look for beside the program's own file is off. */
function runFlags(program: Program): string[] {
  return [
    ...runtimeFlags(program),
    ...["--cached-only", "--node-modules-dir=none"],
    // For the shell: $self is the executable's path, or empty.
    ...(program.startsItself ? ['${self:+"--allow-run=$self"}'] : []),
  ];
}

/**
 * Fills in the header. The parts' places depend on its own length, hence in two passes.
 *
 * @param programBytes how far apart the two parts begin
 */
function headerText(
  template: string,
  values: Readonly<Record<string, string>>,
  programBytes: number,
): Uint8Array {
  const places = (headerBytes: number): Record<string, string> => ({
    // As wide as any number that comes here, so that the second pass has the first one's length.
    PROGRAM_AT: String(headerBytes + 1).padStart(9),
    RUNTIME_AT: String(headerBytes + programBytes + 1).padStart(9),
  });
  const fill = (headerBytes: number): Uint8Array => {
    const all: Record<string, string> = { ...values, ...places(headerBytes) };
    return new TextEncoder().encode(
      template.replace(/@([A-Z_]+)@/g, (_, name: string) => {
        const value = all[name];
        if (value === undefined) throw new Error(`Header names @${name}@, which has no value`);
        return value;
      }),
    );
  };
  return fill(fill(0).length);
}
