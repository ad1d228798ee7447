/**
 * Executables with the real header around small parts, for tests of the header.
 *
 * A real runtime has 100 MB: to unpack it and to compute its digest takes 1.5 s of processor time. The
 * runtime of a stand-in is a script that starts this Deno, and its program prints its version. The long
 * form of the tests uses the real executables.
 */
import { createHash } from "node:crypto";
import { randomFrom } from "../../../bench/harness/random.ts";
import { TOP } from "../../../bench/harness/program.ts";
import { VERSION } from "../../../lib/base/version.ts";
import { compressPart, type Part, portableExecutable } from "../../../tools/build/portable_form.ts";
import { PROGRAMS } from "../../../tools/build/programs.ts";
import { type Executables, STORE } from "./executables.ts";

/** Random characters in a runtime: more than `SMALL_DISK_BYTES`. */
const RUNTIME_CHARS = 300_000;

/** Random characters in a program: a test changes its byte at 5,000 after compression. */
const PROGRAM_CHARS = 20_000;

/** The size of a disk that has no room for a runtime. */
export const SMALL_DISK_BYTES = 100_000;

/** Makes the stand-ins. */
export async function standIns(): Promise<Executables> {
  const script = (name: string) => Deno.readTextFile(`${TOP}tools/build/${name}`);
  const header = await script("portable_header.sh"), facts = await script("system_facts.sh");
  const runtime = textPart(`#!/bin/sh\nexec '${Deno.execPath()}' "$@"\n# `, RUNTIME_CHARS);
  const files = PROGRAMS.map((program) => {
    const bundle = textPart(`console.log("${program.name} ${VERSION}"); // `, PROGRAM_CHARS);
    return [
      program.name,
      portableExecutable(program, header, facts, VERSION, bundle, runtime),
    ] as const;
  });
  const digest = createHash("sha256");
  for (const [, bytes] of files) digest.update(bytes);
  const folder = `${STORE}/${digest.digest("hex").slice(0, 16)}`;
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) {
    const fresh = await Deno.makeTempFile({ dir: folder });
    await Deno.writeFile(fresh, bytes);
    await Deno.chmod(fresh, 0o755);
    await Deno.rename(fresh, `${folder}/${name}`); // other test files may do the same now
  }
  return { path: (name) => `${folder}/${name}` };
}

/** A part with random characters at its end, which do not compress well. */
function textPart(text: string, padding: number): Part {
  const random = randomFrom(1);
  const chars = Array.from({ length: padding }, () => random.below(36).toString(36));
  return compressPart(new TextEncoder().encode(text + chars.join("")));
}
