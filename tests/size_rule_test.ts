/** Files and folders stay small, so that each has one job and its name says which. */
import assert from "assert";
import { sourcesIn } from "./sources.ts";

/** A longer file has a sentence in its first comment that says why it is not two files. */
const MAX_LINES = 300;

const MAX_FILES = 21;

const permissions = { read: true } as const;

/** All folders with sources. */
const all = () => sourcesIn("lib/", "bench/", "fuzz/", "tools/", "tests/");

Deno.test({
  name: "size: a file with more than 300 lines says why it is one file",
  permissions,
  fn() {
    const unexplained = all().filter(({ text }) => {
      const head = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0].replace(/\s+\*?\s*/g, " ") ?? "";
      return text.split("\n").length - 1 > MAX_LINES && !head.includes("One file because");
    });
    assert.deepEqual(unexplained.map(({ path }) => path), []);
  },
});

Deno.test({
  name: "size: a folder has about twenty files at most",
  permissions,
  fn() {
    const byFolder = Map.groupBy(all(), ({ path }) => path.replace(/\/[^/]*$/, ""));
    const large = [...byFolder].filter(([, files]) => files.length > MAX_FILES);
    assert.deepEqual(large.map(([folder, files]) => `${folder} has ${files.length}`), []);
  },
});
