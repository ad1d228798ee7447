/** `deno task library`: makes the npm package of the client library, and says how to publish it. */
import { UsageError } from "../lib/base/errors.ts";
import { main } from "../lib/cli/main.ts";
import { printLine } from "../lib/terminal/stdout.ts";
import { TOP } from "./build/run_deno.ts";
import { buildNpmPackage } from "./library/npm_package.ts";

/** Ignored by git. */
const FOLDER = "dist/library";

await main("library", async () => {
  if (Deno.args.length > 0) throw new UsageError(`library takes no arguments, not ${Deno.args[0]}`);
  await buildNpmPackage(TOP + FOLDER);
  printLine(`${FOLDER} is the npm package; publish it with: npm publish --access public ${FOLDER}`);
  printLine("JSR takes the sources: ./denow publish");
  return 0;
});
