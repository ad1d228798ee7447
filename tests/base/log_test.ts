/** Proves the format of log lines, and that no client can forge or hide one. */
import assert from "assert";
import fc from "fast-check";
import { silentLog } from "../../lib/base/log.ts";
import { anyCharacter } from "../helpers/json_texts.ts";
import { logged } from "../helpers/logged.ts";
import { testsOf } from "../helpers/pure.ts";

const test = testsOf("log");

test("a text line has time, level, message and fields, quoted unless they are one word", () => {
  const { lines, log } = logged("text");
  log.warn("something odd", { client: 3, key: "a b", host: "127.0.0.1:80", ok: true, none: null });
  assert.match(
    lines.join(""),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn: something odd client=3 key="a b" host=127\.0\.0\.1:80 ok=true none=null\n$/,
  );
});

test("a JSON line is one object with time, level, message and the fields", () => {
  const { lines, log } = logged("json");
  log.error("broken", { why: "a\nb" });
  const { time, ...others } = JSON.parse(lines.join(""));
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(others, { level: "error", message: "broken", why: "a\nb" });
});

test("debug lines are written only if isDebug", () => {
  for (const isDebug of [true, false]) {
    const { lines, log } = logged("text", isDebug);
    log.debug("one");
    log.info("two");
    assert.equal(log.isDebug, isDebug);
    assert.equal(lines.length, isDebug ? 2 : 1);
  }
  silentLog.error("not written");
});

test("an empty value, a quote, an equals sign and white space are quoted", () => {
  const { lines, log } = logged("text");
  log.info("m", { a: "", b: '"', c: "x=y", d: "\t" });
  assert.match(lines.join(""), / a="" b="\\"" c="x=y" d="\\t"\n$/);
});

Deno.test("fault: raw control characters on a terminal: a log line has none, also no bidirectional ones", () => {
  const anyText = fc.string({
    unit: fc.oneof(
      fc.string({ unit: anyCharacter, minLength: 1, maxLength: 1 }),
      fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
      fc.constantFrom("\u061c", "\u200f", "\u202e", "\u2066", "\u2028"),
    ),
  });
  fc.assert(
    fc.property(anyText, anyText, fc.constantFrom("text" as const, "json" as const), (m, f, as) => {
      const { lines, log } = logged(as);
      log.info(m, { f });
      const line = lines.join("");
      assert.ok(line.endsWith("\n"));
      assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
      if (as === "text") return;
      assert.equal(JSON.parse(line).message, m);
    }),
    { numRuns: 500 },
  );
});
