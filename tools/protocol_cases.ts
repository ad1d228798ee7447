/** `deno task cases`: runs protocol cases against a running server, in any language. See `--help`. */
import { EXIT, ExitError, messageOf, UsageError } from "../lib/base/errors.ts";
import { main } from "../lib/cli/main.ts";
import { newProgram, runParser } from "../lib/config/command_line.ts";
import { integer } from "../lib/config/units.ts";
import { parseCases } from "./protocol_cases/protocol_case.ts";
import { runCase } from "./protocol_cases/run_case.ts";

/** The cases that hold for any server. */
const FOLDER = "docs/protocol-cases";

await main("cases", async () => {
  const command = newProgram(
    "cases",
    "Runs protocol cases against a server, and says which fail.",
    [
      "cases 127.0.0.1 9000                                    all that hold for any server",
      "cases 127.0.0.1 9000 docs/protocol-cases/cursors        those of a folder",
      "cases 127.0.0.1 9000 --split 1                          a byte at a time",
      "cases 127.0.0.1 9000 --pipeline                         a whole case before its replies are read",
    ],
  )
    .argument("<host>", "the server's host")
    .argument("<port>", "its port", integer(1, 65_535))
    .argument("[files...]", "files or folders of cases", [FOLDER])
    .option("--split <n>", "send so many bytes at a time; 0 is all at once", integer(0), 0)
    .option("--pipeline", "send a whole case before its replies are read", false)
    .option("--only <name>", "run the cases of this name");
  runParser("cases", () => command.parse([...Deno.args], { from: "user" }));
  const [hostname, port, paths] = command.processedArgs;
  const { split, pipeline, only } = command.opts();
  await assertReached(hostname, port);
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

/** Or each case would say so. */
async function assertReached(hostname: string, port: number): Promise<void> {
  try {
    (await Deno.connect({ hostname, port })).close();
  } catch (error) {
    throw new ExitError(
      `Cannot connect to ${hostname} port ${port}: ${messageOf(error)}; start the server first`,
    );
  }
}

/** The files of cases that a path names: itself, or those in the folder. */
function filesIn(path: string): string[] {
  try {
    if (Deno.statSync(path).isFile) return [path];
    const names = [...Deno.readDirSync(path)].map(({ name }) => name);
    return names.filter((name) => name.endsWith(".jsonl")).sort().map((name) => `${path}/${name}`);
  } catch {
    throw new UsageError(`Cannot read '${path}': it must be a file or folder of protocol cases`);
  }
}
