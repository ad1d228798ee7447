/** Proves that the npm package of the library works in an empty project of Node.js. */
import assert from "assert";
import ts from "typescript";
import { type ProgramResult, run, TOP } from "../../bench/harness/program.ts";
import { buildNpmPackage } from "../../tools/library/npm_package.ts";
import config from "../../deno.json" with { type: "json" };
import { OPENSSL } from "../helpers/certificates.ts";
import { TempFolder } from "../helpers/folders.ts";
import { testWith } from "../helpers/needs.ts";
import { assertUses, startLibraryServers } from "./library_servers.ts";

testWith(
  [...OPENSSL, "tar", "node", "npm"],
  "npm package: a strictly typed program is compiled, and uses servers under Node.js",
  async () => {
    await using folder = await TempFolder.make();
    const [built, project] = [`${folder.path}/built`, `${folder.path}/project`];
    await buildNpmPackage(built);
    await checkManifest(built);
    await Deno.mkdir(project);
    await Deno.writeTextFile(`${project}/package.json`, '{"private":true,"type":"module"}');
    const packed = await expectSuccess(run(["npm", "pack", "--silent", built], { cwd: project }));
    await expectSuccess(run(
      ["npm", "install", "--offline", "--no-audit", "--no-fund", `./${packed.stdout.trim()}`],
      { cwd: project },
    ));
    await Deno.copyFile(`${TOP}tests/library/example.ts`, `${project}/example.ts`);
    assert.deepEqual(compile(`${project}/example.ts`), []);
    await using servers = await startLibraryServers();
    await Deno.writeTextFile(
      `${project}/main.js`,
      `import { useLibrary } from "./example.js";
      console.log(JSON.stringify(await useLibrary(${JSON.stringify(servers.facts)})));`,
    );
    const { stdout } = await expectSuccess(run(["node", "main.js"], { cwd: project }));
    assertUses(JSON.parse(stdout));
  },
);

/** Checks the members of the manifest that npm and Node.js read. */
async function checkManifest(folder: string): Promise<void> {
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  const { name, version, license, exports, dependencies, engines } = manifest;
  assert.deepEqual({ name, version, license, exports, dependencies }, {
    name: config.name,
    version: config.version,
    license: config.license,
    exports: { ".": { types: "./mod.d.ts", import: "./mod.js", default: "./mod.js" } },
    dependencies: undefined,
  });
  assert.match(engines.node, /^>=\d+/);
  assert.match(await Deno.readTextFile(`${folder}/README.md`), /^# Client library/);
}

async function expectSuccess(running: Promise<ProgramResult>): Promise<ProgramResult> {
  const ended = await running;
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}

/** Compiles a file to JavaScript beside it, without any types but the language's and the package's. */
function compile(file: string): string[] {
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: [],
    lib: ["lib.es2022.d.ts"],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  });
  program.emit();
  return ts.getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
