/** The build tool (`deno task build`): makes and proves the executables. See `--help`. */
import { Option } from "@commander-js/extra-typings";
import { EXIT, ExitError, UsageError } from "../lib/base/errors.ts";
import { VERSION } from "../lib/base/version.ts";
import { main } from "../lib/cli/main.ts";
import { newProgram, runParser } from "../lib/config/command_line.ts";
import { sizeText } from "../lib/config/units.ts";
import { writeBundle } from "./build/bundle.ts";
import { compile } from "./build/compiled_form.ts";
import { compressPart, type Part, portableExecutable } from "./build/portable_form.ts";
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
  // On the disk of the executables, so a rename can move them. The system may forbid to start programs
  // in the folder for temporary files.
  const scratch = await Deno.makeTempDir({ dir: config.out, prefix: ".build-" });
  const handleSignal = (): never => {
    Deno.removeSync(scratch, { recursive: true });
    Deno.exit(EXIT.failed);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, handleSignal);
  try {
    await build(config, scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return 0;
});

function parseBuildConfig(args: readonly string[]): BuildConfig {
  const names = PROGRAMS.map(({ name }) => name);
  const command = newProgram(
    "build",
    "Makes the executables. Each is one file that contains its runtime.",
    [
      "build                                       all programs, in the top folder",
      "build --only htserver --out dist",
      "build --form compile --target aarch64-unknown-linux-gnu",
    ],
  )
    .option("--out <dir>", "folder for the executables", TOP)
    .option("--target <triple>", "type of machine, as in `deno compile` (default: this one)")
    .addOption(
      new Option("--form <form>", "compile needs Deno's runtime part, from its site or $DENORT_BIN")
        .choices(["compile", "portable", "auto"] as const).default("auto" as const),
    )
    .addOption(new Option("--only <name>", "build only this program").choices(names));
  runParser("build", () => command.parse([...args], { from: "user" }));
  const { out, form, target, only } = command.opts();
  if (target !== undefined && form === "portable") {
    throw new UsageError("--target needs --form compile: the portable form is for this machine");
  }
  return { out, form, target, programs: PROGRAMS.filter(({ name }) => (only ?? name) === name) };
}

/** An executable in the scratch folder whose proof succeeded. */
interface Executable {
  readonly name: string;
  readonly path: string;
  /** The form, for the user. */
  readonly form: string;
}

/** Builds all programs in one form. `auto` takes the portable form if the other one fails. */
async function build(config: BuildConfig, scratch: string): Promise<void> {
  for (const one of config.programs) await writeBundle(one, bundleOf(one, scratch));
  const executables: Executable[] = [];
  if (config.form !== "portable") {
    const { problem } = await compileAll(config, scratch, executables);
    if (problem === undefined) return await place(executables, config.out);
    if (config.form === "compile" || config.target !== undefined) throw new ExitError(problem);
    console.log(`Making the portable form, which unpacks itself at its first start: ${problem}`);
  }
  await place(await portableAll(config, scratch), config.out);
}

/** Compiles and starts one program after another, until one fails; returns its problem. */
async function compileAll(
  { programs, target }: BuildConfig,
  scratch: string,
  executables: Executable[],
): Promise<StepResult> {
  const suffix = target?.includes("windows") ? ".exe" : "";
  const isForHere = target === undefined || target === Deno.build.target;
  for (const one of programs) {
    const path = `${scratch}/${one.name}${suffix}`;
    const { problem } = await compile(one, bundleOf(one, scratch), path, target);
    if (problem !== undefined) {
      return { problem: `deno compile cannot get Deno's runtime part (${problem})` };
    }
    const proof = isForHere ? await prove(one, path, `${scratch}/cache`) : { problem: undefined };
    if (proof.problem !== undefined) {
      return {
        problem:
          `Cannot use the output of deno compile, which has another runtime part: ${proof.problem}`,
      };
    }
    const about = `Deno ${Deno.version.deno}, ${target ?? Deno.build.target}`;
    const note = isForHere ? "" : ", not started: it is for another machine";
    executables.push({ name: one.name + suffix, path, form: `compiled (${about}${note})` });
  }
  return { problem: undefined };
}

async function portableAll({ programs }: BuildConfig, scratch: string): Promise<Executable[]> {
  const script = (name: string) => Deno.readTextFile(new URL(`./build/${name}`, import.meta.url));
  const template = await script("portable_header.sh");
  const facts = await script("system_facts.sh");
  const runtime: Part = compressPart(await Deno.readFile(Deno.execPath()));
  const executables: Executable[] = [];
  for (const one of programs) {
    const bundle = compressPart(await Deno.readFile(bundleOf(one, scratch)));
    const path = `${scratch}/${one.name}`;
    const file = portableExecutable(one, template, facts, VERSION, bundle, runtime);
    await Deno.writeFile(path, file, { mode: 0o755 });
    const { problem } = await prove(one, path, `${scratch}/cache`);
    if (problem !== undefined) throw new ExitError(`Cannot use the portable form: ${problem}`);
    const form = `portable (Deno ${Deno.version.deno}, ${Deno.build.target})`;
    executables.push({ name: one.name, path, form });
  }
  return executables;
}

function bundleOf({ name }: Program, scratch: string): string {
  return `${scratch}/${name}.mjs`;
}

/** Renames each executable into its place, so a process of the old one continues unchanged. */
async function place(executables: readonly Executable[], out: string): Promise<void> {
  for (const { name, path, form } of executables) {
    const { size } = await Deno.stat(path);
    await Deno.chmod(path, 0o755);
    await Deno.rename(path, `${out}/${name}`);
    console.log(`${name.padEnd(10)} ${sizeText(size).padStart(10)}  ${form}`);
  }
}
