/** Proves that a scan for one key finds it, and asks one bucket only. */
import assert from "assert";
import fc from "fast-check";
import { exactKey } from "../../lib/remote/exact_key.ts";
import { insert, scan } from "../engine/requests.ts";
import { testsOf } from "../helpers/pure.ts";
import { FakeStore } from "./fake_store.ts";
import { engineOver, ListSource } from "./remote_clients.ts";

const test = testsOf("exact key");

const SPECIAL = /[.^$*+?()[\]{}|\\]/g;

/** A regex for one key. */
const regexFor = (key: string): string => `^${key.replace(SPECIAL, "\\$&")}$`;

const ANY_KEY = fc.string({ unit: "binary", maxLength: 8 });

test("only a regex that can match a single key has one", () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    "^$": "",
    "^zebra$": "zebra",
    "^a\\.b\\-c\\$$": "a.b-c$",
    "^ #\u00e9$": " #\u00e9",
    "zebra$": undefined,
    "^zebra": undefined,
    "^a.b$": undefined,
    "^a|b$": undefined,
    "^\\w$": undefined,
    "^\\1$": undefined,
    "^a\\$": undefined,
    "^(?i)a$": undefined,
    "^": undefined,
    "$": undefined,
    "": undefined,
  };
  for (const [regex, key] of Object.entries(cases)) assert.equal(exactKey(regex), key, regex);
  fc.assert(fc.property(ANY_KEY, (key) => assert.equal(exactKey(regexFor(key)), key)));
});

test("a scan for one key finds it, any key, and asks for the keys of one bucket", async () => {
  const keys = [...fc.sample(ANY_KEY, 300), "", "\ud800", "a\nb", "\u0000"];
  const store = new FakeStore(1);
  const { engine } = engineOver(store);
  await new ListSource(keys.map((key) => insert(key, "1"))).run(engine);
  for (const key of keys) {
    const before = store.counts.get("HKEYS") ?? 0;
    const source = new ListSource([scan(regexFor(key))], { hasIds: false });
    const [reply = ""] = await source.run(engine);
    assert.deepEqual(JSON.parse(reply).result, [[key, 1]], JSON.stringify(key));
    assert.equal(store.counts.get("HKEYS"), before + 1);
  }
  const [none = ""] = await new ListSource([scan("^no such key$")], { hasIds: false }).run(engine);
  assert.equal(none, '{"status":"OK","result":[]}');
});
