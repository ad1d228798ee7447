/** `deno task build`: makes the executables. See `--help`. */
import { Option } from "@commander-js/extra-typings";
import { EXIT, ExitError, UsageError } from "../lib/base/errors.ts";
import { VERSION } from "../lib/base/version.ts";
import { main } from "../lib/cli/main.ts";
import { newProgram, runParser } from "../lib/config/command_line.ts";
import { sizeText } from "../lib/config/units.ts";
import { bundle } from "./build/bundle.ts";
import { compile } from "./build/compiled_form.ts";
import { type Part, part, portableExecutable } from "./build/portable_form.ts";
import { type Program, PROGRAMS } from "./build/programs.ts";
import { prove } from "./build/proof.ts";
import { type StepResult, TOP } from "./build/run_deno.ts";

/** What to build. */
interface BuildConfig {
  readonly out: string;
  readonly form: "compile" | "portable" | "auto";
  readonly target: string | undefined;
  readonly programs: readonly Program[];
}

await main("build", async () => {
  const config = parseBuildConfig(Deno.args);
  await Deno.mkdir(config.out, { recursive: true });
  // On the disk where the executables go, so that each gets there by a rename. Programs may be
  // started there, which a folder for temporary files may not allow.
  const scratch = await Deno.makeTempDir({ dir: config.out, prefix: ".build-" });
  const interrupted = (): never => {
    Deno.removeSync(scratch, { recursive: true });
    Deno.exit(EXIT.failed);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupted);
  try {
    await build(config, scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return 0;
});

function parseBuildConfig(args: readonly string[]): BuildConfig {
  const names = PROGRAMS.map(({ name }) => name);
  const command = newProgram("build", "Makes the executables: one file each, with all they need.", [
    "build                                       all of them, in the top folder",
    "build --only htserver --out dist",
    "build --form compile --target aarch64-unknown-linux-gnu",
  ])
    .option("--out <dir>", "where to put them", TOP)
    .option("--target <triple>", "machine to build for, as in `deno compile` (default: this one)")
    .addOption(
      new Option("--form <form>", "compile needs Deno's runtime part, from its site or $DENORT_BIN")
        .choices(["compile", "portable", "auto"] as const).default("auto" as const),
    )
    .addOption(new Option("--only <name>", "build just this one").choices(names));
  runParser("build", () => command.parse([...args], { from: "user" }));
  const { out, form, target, only } = command.opts();
  if (target !== undefined && form === "portable") {
    throw new UsageError("--target needs the compile form: the portable one is for this machine");
  }
  return { out, form, target, programs: PROGRAMS.filter(({ name }) => (only ?? name) === name) };
}

/** An executable that has proved itself, in the scratch folder. */
interface Made {
  readonly name: string;
  readonly path: string;
  /** For the user: how it was made. */
  readonly form: string;
}

/** Builds all in one form: what `auto` finds out with the first program holds for the others. */
async function build(config: BuildConfig, scratch: string): Promise<void> {
  for (const one of config.programs) await bundle(one, bundleOf(one, scratch));
  const made: Made[] = [];
  if (config.form !== "portable") {
    const { problem } = await compileAll(config, scratch, made);
    if (problem === undefined) return await place(made, config.out);
    if (config.form === "compile" || config.target !== undefined) throw new ExitError(problem);
    console.log(`Making the portable form: ${problem}`);
  }
  await place(await portableAll(config, scratch), config.out);
}

/** Compiles all, and starts each as soon as it is made; gives the first problem. */
async function compileAll(
  { programs, target }: BuildConfig,
  scratch: string,
  made: Made[],
): Promise<StepResult> {
  const suffix = target?.includes("windows") ? ".exe" : "";
  const isForHere = target === undefined || target === Deno.build.target;
  for (const one of programs) {
    const path = `${scratch}/${one.name}${suffix}`;
    const { problem } = await compile(one, bundleOf(one, scratch), path, target);
    if (problem !== undefined) {
      return { problem: `Cannot compile, which needs Deno's runtime part: ${problem}` };
    }
    const proof = isForHere ? await prove(one, path, `${scratch}/cache`) : { problem: undefined };
    if (proof.problem !== undefined) {
      return {
        problem: `Cannot use what deno compile made of the runtime part it has: ${proof.problem}`,
      };
    }
    const about = `Deno ${Deno.version.deno}, ${target ?? Deno.build.target}`;
    const notTried = isForHere ? "" : ", not started: it is for another machine";
    made.push({ name: one.name + suffix, path, form: `compiled (${about}${notTried})` });
  }
  return { problem: undefined };
}

async function portableAll({ programs }: BuildConfig, scratch: string): Promise<Made[]> {
  const script = (name: string) => Deno.readTextFile(new URL(`./build/${name}`, import.meta.url));
  const template = await script("portable_header.sh");
  const facts = await script("system_facts.sh");
  const runtime: Part = part(await Deno.readFile(Deno.execPath()));
  const made: Made[] = [];
  for (const one of programs) {
    const bundled = part(await Deno.readFile(bundleOf(one, scratch)));
    const path = `${scratch}/${one.name}`;
    const file = portableExecutable(one, template, facts, VERSION, bundled, runtime);
    await Deno.writeFile(path, file, { mode: 0o755 });
    const { problem } = await prove(one, path, `${scratch}/cache`);
    if (problem !== undefined) throw new ExitError(`Cannot use the portable form: ${problem}`);
    const form = `portable (Deno ${Deno.version.deno}, ${Deno.build.target})`;
    made.push({ name: one.name, path, form });
  }
  return made;
}

function bundleOf({ name }: Program, scratch: string): string {
  return `${scratch}/${name}.mjs`;
}

/** Each whole or not at all: an executable that runs just now goes on as it was. */
async function place(made: readonly Made[], out: string): Promise<void> {
  for (const { name, path, form } of made) {
    const { size } = await Deno.stat(path);
    await Deno.chmod(path, 0o755);
    await Deno.rename(path, `${out}/${name}`);
    console.log(`${name.padEnd(10)} ${sizeText(size).padStart(10)}  ${form}`);
  }
}
