/** `deno task cases`: runs protocol cases against a running server of any language. See `--help`. */
import { EXIT, ExitError, messageOf, UsageError } from "../lib/base/errors.ts";
import { main } from "../lib/cli/main.ts";
import { newProgram, runParser } from "../lib/config/command_line.ts";
import { integer } from "../lib/config/units.ts";
import { parseCases } from "./protocol_cases/protocol_case.ts";
import { runCase } from "./protocol_cases/run_case.ts";

/** The folder of the cases for any server. */
const FOLDER = "docs/protocol-cases";

await main("cases", async () => {
  const command = newProgram(
    "cases",
    "Runs protocol cases against a server, and prints which fail.",
    [
      "cases 127.0.0.1 9000                                    all cases for any server",
      "cases 127.0.0.1 9000 docs/protocol-cases/cursors        the cases of a folder",
      "cases 127.0.0.1 9000 --split 1                          sends one byte at a time",
      "cases 127.0.0.1 9000 --pipeline                         sends a case before it reads replies",
    ],
  )
    .argument("<host>", "the server's host")
    .argument("<port>", "its port", integer(1, 65_535))
    .argument("[files...]", "files or folders of cases", [FOLDER])
    .option("--split <n>", "bytes to send at a time; 0: all at once", integer(0), 0)
    .option("--pipeline", "send a whole case before its replies are read", false)
    .option("--only <name>", "run only the cases with this name");
  runParser("cases", () => command.parse([...Deno.args], { from: "user" }));
  const [hostname, port, paths] = command.processedArgs;
  const { split, pipeline, only } = command.opts();
  await assertReachable(hostname, port);
  let passed = 0, failed = 0;
  for (const file of paths.flatMap(filesIn)) {
    for (const one of parseCases(Deno.readTextFileSync(file))) {
      if (only !== undefined && one.name !== only) continue;
      const options = { hostname, port, splitBytes: split, isPipelined: pipeline };
      const problem = await runCase(one, options);
      if (problem === undefined) passed++;
      else failed++;
      if (problem !== undefined) console.log(`FAIL ${one.name} (${file}): ${problem}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? EXIT.ok : EXIT.failed;
});

/** Fails if the server cannot be reached, or each case would fail for that. */
async function assertReachable(hostname: string, port: number): Promise<void> {
  try {
    (await Deno.connect({ hostname, port })).close();
  } catch (error) {
    throw new ExitError(
      `Cannot connect to ${hostname} port ${port}: ${messageOf(error)}; start the server first`,
    );
  }
}

/** The case files of a path: the file itself, or all files in the folder. */
function filesIn(path: string): string[] {
  try {
    if (Deno.statSync(path).isFile) return [path];
    const names = [...Deno.readDirSync(path)].map(({ name }) => name);
    return names.filter((name) => name.endsWith(".jsonl")).sort().map((name) => `${path}/${name}`);
  } catch {
    throw new UsageError(`Cannot read '${path}': it must be a file or folder of protocol cases`);
  }
}
