/** `deno task build`: makes the executables. See `--help`. */
import { Option } from "@commander-js/extra-typings";
import { ExitError, UsageError } from "../lib/base/errors.ts";
import { VERSION } from "../lib/base/version.ts";
import { runMain } from "../lib/cli/run_main.ts";
import { parsed, program } from "../lib/config/program.ts";
import { sizeText } from "../lib/config/units.ts";
import { bundle } from "./build/bundle.ts";
import { compile } from "./build/compiled_form.ts";
import { type Part, part, portableExecutable } from "./build/portable_form.ts";
import { type Program, PROGRAMS } from "./build/programs.ts";
import { TOP } from "./build/run_deno.ts";

/** What to build. */
interface BuildConfig {
  readonly out: string;
  readonly form: "compile" | "portable" | "auto";
  readonly target: string | undefined;
  readonly programs: readonly Program[];
}

await runMain("build", async () => {
  const config = parseBuildConfig(Deno.args);
  await Deno.mkdir(config.out, { recursive: true });
  const scratch = await Deno.makeTempDir({ prefix: "htserver-build-" });
  try {
    await build(config, scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return 0;
});

function parseBuildConfig(args: readonly string[]): BuildConfig {
  const names = PROGRAMS.map(({ name }) => name);
  const command = program("build", "Makes the executables: one file each, with all they need.", [
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
  parsed("build", () => command.parse([...args], { from: "user" }));
  const { out, form, target, only } = command.opts();
  if (target !== undefined && form === "portable") {
    throw new UsageError("--target needs the compile form: the portable one is for this machine");
  }
  return { out, form, target, programs: PROGRAMS.filter(({ name }) => (only ?? name) === name) };
}

/** Builds all in one form: what `auto` finds out with the first program holds for the others. */
async function build(config: BuildConfig, scratch: string): Promise<void> {
  const compiles = config.form !== "portable";
  for (const one of config.programs) await bundle(one, bundleOf(one, scratch));
  const problem = compiles ? await compileAll(config, scratch) : undefined;
  if (compiles && problem === undefined) return;
  if (config.form === "compile" || config.target !== undefined) {
    throw new ExitError(`Cannot compile, which needs Deno's runtime part: ${problem}`);
  }
  if (compiles) console.log(`Making the portable form, since deno compile says: ${problem}`);
  await makePortable(config, scratch);
}

/** Returns what went wrong, if anything. */
async function compileAll(config: BuildConfig, scratch: string): Promise<string | undefined> {
  const suffix = config.target?.includes("windows") ? ".exe" : "";
  for (const one of config.programs) {
    const made = `${scratch}/${one.name}${suffix}`;
    const { problem } = await compile(one, bundleOf(one, scratch), made, config.target);
    if (problem !== undefined) return problem;
    const form = `compiled (Deno ${Deno.version.deno}, ${config.target ?? Deno.build.target})`;
    await place(await Deno.readFile(made), config.out, one.name + suffix, form);
  }
  return undefined;
}

async function makePortable({ programs, out }: BuildConfig, scratch: string): Promise<void> {
  const template = await Deno.readTextFile(
    new URL("./build/portable_header.sh", import.meta.url),
  );
  const runtime: Part = part(await Deno.readFile(Deno.execPath()));
  for (const one of programs) {
    const bundled = part(await Deno.readFile(bundleOf(one, scratch)));
    const file = portableExecutable(one, template, VERSION, bundled, runtime);
    await place(file, out, one.name, `portable (Deno ${Deno.version.deno}, ${Deno.build.target})`);
  }
}

function bundleOf({ name }: Program, scratch: string): string {
  return `${scratch}/${name}.mjs`;
}

/** Whole or not at all: an executable that runs just now goes on as it was. */
async function place(
  bytes: Uint8Array<ArrayBuffer>,
  out: string,
  name: string,
  form: string,
): Promise<void> {
  const unfinished = `${out}/.${name}.${Deno.pid}.tmp`;
  await Deno.writeFile(unfinished, bytes, { mode: 0o755 });
  await Deno.chmod(unfinished, 0o755);
  await Deno.rename(unfinished, `${out}/${name}`);
  console.log(`${name.padEnd(10)} ${sizeText(bytes.length).padStart(10)}  ${form}`);
}
