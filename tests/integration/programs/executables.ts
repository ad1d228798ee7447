/**
 * The built executables, for tests that run them.
 *
 * They are built at the first call, into a folder named after the digest of all sources, and
 * found there by every later call: in other test files that run at the same time, too, which
 * wait at a lock meanwhile.
 */
import { createHash } from "node:crypto";
import { PROGRAMS } from "../../../tools/build/programs.ts";

/** Where to find the executables. */
export interface Executables {
  /** The executable of the program with this name, such as `htserver`. */
  path(name: string): string;
}

const TOP = new URL("../../../", import.meta.url).pathname;
const STORE = `${TOP}dist/executables`;

/** For `XDG_CACHE_HOME`: one for all builds, so that only the very first start is a cold one. */
export const CACHE_HOME = `${STORE}/cache`;

/** Builds of other sources go once no test run can still use them, in milliseconds. */
const KEEP_MS = 30 * 60_000;

/**
 * Builds the executables in their portable form where that has not been done for these sources.
 *
 * @throws {Error} with what the build says
 */
export async function executables(): Promise<Executables> {
  const folder = `${STORE}/${await digestOfSources()}`;
  await Deno.mkdir(STORE, { recursive: true });
  using lock = await Deno.open(`${STORE}/lock`, { create: true, write: true });
  await lock.lock(true); // given up when the file is closed, even by a crash
  if (await exists(folder)) await Deno.utime(folder, new Date(), new Date());
  else await build(folder);
  await removeOld();
  return { path: (name) => `${folder}/${name}` };
}

/** Builds beside the folder and renames: what has its name is complete. */
async function build(folder: string): Promise<void> {
  const unfinished = `${STORE}/unfinished`;
  await removeFolder(unfinished);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tools/build.ts", "--form", "portable", "--out", unfinished],
    cwd: TOP,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot build for the tests: ${new TextDecoder().decode(stderr)}`);
  await Deno.rename(unfinished, folder);
}

async function removeOld(): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(STORE)) {
    const { mtime } = await Deno.stat(`${STORE}/${name}`);
    const isOld = Date.now() - (mtime?.getTime() ?? 0) > KEEP_MS;
    const isBuild = isDirectory && name !== "cache";
    if (isBuild && isOld) await removeFolder(`${STORE}/${name}`);
  }
}

/** Of the names and bytes of all that goes into an executable. */
async function digestOfSources(): Promise<string> {
  const files = [
    "deno.json",
    "deno.lock",
    "tools/build.ts",
    ...PROGRAMS.map(({ entry }) => entry),
    ...await filesIn("lib"),
    ...await filesIn("tools/build"),
  ];
  const digest = createHash("sha256").update(Deno.version.deno);
  for (const file of files.sort()) {
    digest.update(`\0${file}\0`).update(await Deno.readFile(TOP + file));
  }
  return digest.digest("hex").slice(0, 16);
}

async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(TOP + folder)) {
    const path = `${folder}/${name}`;
    found.push(...(isDirectory ? await filesIn(path) : [path]));
  }
  return found;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function removeFolder(path: string): Promise<void> {
  if (await exists(path)) await Deno.remove(path, { recursive: true });
}

/** After this time, in milliseconds, a process is killed, so that a hang ends the test. */
const LIMIT_MS = 240_000;

/** How to start a program. */
export interface StartOptions {
  /** Default: `/`. */
  readonly cwd?: string;
  /** Added to `PATH` and `XDG_CACHE_HOME`, which are all that is set. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process, with its output as text. It never outlives the test, nor `LIMIT_MS`. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #watchdog: ReturnType<typeof setTimeout>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;
  #stdoutText = "";

  /**
   * Starts it in a clean environment; it unpacks into `CACHE_HOME`.
   *
   * @param path of the executable
   */
  constructor(path: string, args: readonly string[], options: StartOptions = {}) {
    this.#child = new Deno.Command(path, {
      args: [...args],
      cwd: options.cwd ?? "/",
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "", XDG_CACHE_HOME: CACHE_HOME, ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#watchdog = setTimeout(() => this.#child.kill("SIGKILL"), LIMIT_MS);
    this.#stdout = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stderr = new Response(this.#child.stderr).text();
  }

  /** Number of the process that was started. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** The port of a server, from its first line. */
  async port(): Promise<number> {
    while (!this.#stdoutText.includes("\n") && await this.#read());
    const line = this.#stdoutText.split("\n", 1)[0] ?? "";
    const [, digits] = /^Listening on port (\d+)$/.exec(line) ?? [];
    if (digits === undefined) {
      throw new Error(`first line is '${line}', stderr: ${(await this.end()).stderr}`);
    }
    return Number(digits);
  }

  /** Waits for the end. */
  async end(): Promise<End> {
    while (await this.#read());
    const { code } = await this.#child.status;
    clearTimeout(this.#watchdog);
    return { code, stdout: this.#stdoutText, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.end();
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#stdout.read();
    this.#stdoutText += value ?? "";
    return !done;
  }
}

/** How a program ended. */
export interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  path: string,
  args: readonly string[],
  options?: StartOptions,
): Promise<End> {
  await using running = new Running(path, args, options);
  return await running.end();
}

/** Names in a folder of the cache, without the runtime's own caches. */
export function unpacked(cacheHome: string): string[] {
  return [...Deno.readDirSync(`${cacheHome}/htserver`)].map(({ name }) => name)
    .filter((name) => name !== "deno").sort();
}

/** The header of an executable, as text. */
export function headerOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes.subarray(0, indexOfPayload(bytes)));
}

/** Where the first gzip member begins. */
export function indexOfPayload(bytes: Uint8Array): number {
  return bytes.findIndex((byte, at) => byte === 0x1f && bytes[at + 1] === 0x8b);
}

/** The flags of `deno run` that are in the header of an executable, but for what the shell fills in. */
export async function flagsOf(path: string): Promise<string[]> {
  const header = headerOf(await Deno.readFile(path));
  const [, flags] = /exec "\$cache\/\$runtime" run (.*) "\$cache\/\$program"/.exec(header) ?? [];
  if (flags === undefined) throw new Error(`The header of ${path} runs nothing`);
  return flags.split(" ").filter((flag) => flag.startsWith("--"));
}
