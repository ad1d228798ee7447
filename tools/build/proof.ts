/**
 * The last step of a build: the proof that an executable works. It starts the executable and checks its
 * output.
 *
 * `deno compile` exits with 0 for any runtime part. For example, with the Deno binary as runtime part it
 * makes a file that ignores the program.
 */
import { messageOf } from "../../lib/base/errors.ts";
import { quoted } from "../../lib/base/quote.ts";
import { VERSION } from "../../lib/base/version.ts";
import type { Program } from "./programs.ts";
import type { StepResult } from "./run_deno.ts";
import { StartedProgram } from "./started_program.ts";

/** Ends programs that hang. A start takes 0.2 s, and the first one of the portable form 2 s. */
const PROOF_TIMEOUT_MS = 60_000;

/** The name of the started server. */
const SERVER_NAME = "build-proof";

/** A server that only this machine can reach, without data on disk. */
const SERVER_ARGS = [
  SERVER_NAME,
  ...["--memory", "--no-catalog", "--local-catalog", "off", "--host", "127.0.0.1"],
];

/** Maximum size of a reply to `hello`, in bytes. */
const MAX_HELLO_BYTES = 65_536;

/** The error for an executable that does not work. */
class ProofError extends Error {
  override name = "ProofError";
}

/**
 * Starts an executable with `--version`, and htserver also as a server.
 *
 * @param path of the executable
 * @param cacheHome folder into which the portable form unpacks
 * @param timeoutMs limit of each start, in milliseconds (default: 60,000)
 * @returns the first problem, as a part of a sentence
 */
export async function prove(
  program: Program,
  path: string,
  cacheHome: string,
  timeoutMs: number = PROOF_TIMEOUT_MS,
): Promise<StepResult> {
  const start = (args: readonly string[]): StartedProgram =>
    new StartedProgram(path, args, { XDG_CACHE_HOME: cacheHome }, timeoutMs);
  try {
    await proveVersion(program.name, start);
    if (program.name === "htserver") await proveServer(start);
    return { problem: undefined };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

type Start = (args: readonly string[]) => StartedProgram;

async function proveVersion(name: string, start: Start): Promise<void> {
  const command = `${name} --version`;
  await using running = started(command, () => start(["--version"]));
  const { how, stdout, stderr } = await running.end();
  if (how !== "exit code 0") throw ended(command, how, stderr);
  const expected = `${name} ${VERSION}\n`;
  if (stdout !== expected) throw printed(command, stdout, expected.trimEnd());
}

async function proveServer(start: Start): Promise<void> {
  const command = "htserver";
  await using running = started(command, () => start(SERVER_ARGS));
  const line = await running.firstLine();
  const [, port] = /^Listening on port (\d+)$/.exec(line ?? "") ?? [];
  if (port === undefined) {
    if (line !== undefined) throw printed(command, line, "Listening on port N");
    const { how, stderr } = await running.end();
    throw ended(command, how, stderr);
  }
  const reply = await helloReply(Number(port), running.signal);
  if (!isHello(reply)) {
    const what = reply === undefined ? "nothing" : quoted(reply);
    throw new ProofError(`'${command}' replied to hello with ${what}`);
  }
  running.stop();
  const { how, stderr } = await running.end();
  if (how !== "exit code 0") throw ended(command, `${how} when sent SIGTERM`, stderr);
}

function started(command: string, start: () => StartedProgram): StartedProgram {
  try {
    return start();
  } catch (error) {
    throw new ProofError(`'${command}' cannot be started: ${messageOf(error)}`);
  }
}

function ended(command: string, how: string, stderr: string): ProofError {
  const output = stderr.trim() === "" ? "" : `, after ${quoted(stderr.trim())}`;
  return new ProofError(`'${command}' ended with ${how}${output}`);
}

function printed(command: string, text: string, expected: string): ProofError {
  const what = text === "" ? "nothing" : quoted(text.trimEnd());
  return new ProofError(`'${command}' printed ${what} instead of ${quoted(expected)}`);
}

/** Sends `hello`, and returns the reply; undefined if there is none until the signal. */
async function helloReply(port: number, signal: AbortSignal): Promise<string | undefined> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port, signal });
    const close = (): void => connection.close();
    signal.addEventListener("abort", close, { once: true });
    using _listener = {
      [Symbol.dispose]: () => signal.removeEventListener("abort", close),
    };
    const request = `{"method":"hello","project":"${SERVER_NAME}"}\n`;
    await connection.write(new TextEncoder().encode(request));
    return await lineFrom(connection);
  } catch {
    return undefined; // refused, closed or too late
  }
}

async function lineFrom(connection: Deno.TcpConn): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  let text = "";
  while (!text.includes("\n") && text.length < MAX_HELLO_BYTES) {
    const bytes = await connection.read(buffer);
    if (bytes === null) return undefined;
    text += decoder.decode(buffer.subarray(0, bytes), { stream: true });
  }
  return text.split("\n", 1)[0];
}

function isHello(reply: string | undefined): boolean {
  try {
    const { status, result } = JSON.parse(reply ?? "");
    return status === "OK" && result.project === SERVER_NAME && result.version === VERSION;
  } catch {
    return false;
  }
}
