/** Proves that compiled regexes are cached, and that the cache is bounded (I5). */
import assert from "assert";
import { MAX_CACHED_REGEX_INSTRUCTIONS, MAX_CACHED_REGEXES } from "../../lib/base/limits.ts";
import type { InvalidRegex, KeyRegex } from "../../lib/commands/key_regex.ts";
import { RegexCache } from "../../lib/commands/regex_cache.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("regex_cache");

/** A cache of regexes with a number of instructions each, and a list of all compilations. */
function cacheOf(instructions: number) {
  const compiled: string[] = [];
  const cache = new RegexCache((regex): KeyRegex | InvalidRegex => {
    compiled.push(regex);
    if (regex === "bad") return { problem: "bad" };
    return { instructions, stepsFor: () => 0, matches: () => true };
  });
  return { cache, compiled };
}

test("a regex is compiled once, and an invalid one each time", () => {
  const { cache, compiled } = cacheOf(1);
  assert.equal(cache.get("a"), cache.get("a"));
  assert.deepEqual([cache.get("bad"), cache.get("bad")], [{ problem: "bad" }, { problem: "bad" }]);
  assert.deepEqual([compiled, cache.size], [["a", "bad", "bad"], 1]);
});

test("the least recently used one is dropped first", () => {
  const { cache, compiled } = cacheOf(1);
  for (let at = 0; at < MAX_CACHED_REGEXES; at++) cache.get(`r${at}`);
  cache.get("r0");
  cache.get("one more");
  assert.equal(cache.size, MAX_CACHED_REGEXES);
  cache.get("r0");
  assert.equal(compiled.length, MAX_CACHED_REGEXES + 1);
  cache.get("r1");
  assert.equal(compiled.length, MAX_CACHED_REGEXES + 2);
});

test("instructions are bounded, too", () => {
  const { cache, compiled } = cacheOf(MAX_CACHED_REGEX_INSTRUCTIONS / 4);
  for (let at = 0; at < 10; at++) cache.get(`r${at}`);
  assert.equal(cache.size, 4);
  for (let at = 6; at < 10; at++) cache.get(`r${at}`);
  assert.equal(compiled.length, 10);
});
