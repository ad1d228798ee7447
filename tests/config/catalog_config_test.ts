/** Proves the accepted and rejected values of each flag of `htcatalog`, and its default. */
import assert from "assert";
import { type CatalogConfig, parseCatalogConfig } from "../../lib/config/catalog_config.ts";
import { checkFlags, type FlagCases, usageError } from "./command_lines.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("catalog_config");

const parse = (...args: string[]) => parseCatalogConfig(args);

const FLAGS: Record<string, FlagCases<CatalogConfig>> = {
  "--host": { good: [[["::1"], { host: "::1" }]], bad: [] },
  "--port": { good: [[["0"], { port: 0 }], [["80"], { port: 80 }]], bad: ["65536", "x"] },
  "--lifetime": { good: [[["1"], { lifetimeS: 1 }]], bad: ["0", "86401", "1h"] },
  "--port-file": { good: [[["f"], { portFile: "f" }]], bad: [] },
  "--log-format": { good: [[["json"], { logFormat: "json" }]], bad: ["xml"] },
  "--debug": { good: [[[], { isDebugging: true }]], bad: [] },
};

test("flags and defaults are those of the contract", () => {
  assert.deepEqual(parse(), {
    host: "0.0.0.0",
    port: 9_097,
    lifetimeS: 900,
    portFile: undefined,
    logFormat: "text",
    isDebugging: false,
  });
  checkFlags(parse, FLAGS);
});

test("it takes no arguments", () => {
  assert.match(usageError(() => parse("name")), /too many arguments/);
});
